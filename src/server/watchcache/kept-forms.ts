import { KeptLimit } from '../../std/kept.ts'
import type { Servable } from '../context.ts'
import { Cached } from './cached-object.ts'

/** The form that holds the bytes as they were written: JSON without a resourceVersion. */
export const storedForm = 'stored'

/** What all encodings of all objects may weigh together: what is asked for again soon, and no more. */
const encodingsBytesMax = 8 << 20

const limit = new KeptLimit(encodingsBytesMax)

/** Keeps bytes beside the object that they are a form of, until newer ones need the room. */
export function keepForm(servable: Servable, form: string, bytes: Uint8Array): void {
  // Others carry a Map of their own.
  const holder = servable instanceof Cached ? servable : (servable.encodings as Map<string, Uint8Array>)
  limit.keep(holder, form, bytes, bytes.length)
}

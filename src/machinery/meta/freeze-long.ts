import type { Steps } from '../../std/turns.ts'
import { noteFrozen } from './derived.ts'
import type { KubeObject } from './object.ts'
import { isSmall } from './size.ts'
import { deepFreeze } from './value.ts'

/** Small members between two pauses. */
const stepMembers = 256

/**
 * Freezes with pauses what is long of an object that nobody changes any more but at its top and in its metadata: little
 * is left then to `deepFreeze`, which stops at what is frozen.
 */
export function* freezeLong({ metadata, ...rest }: KubeObject): Steps<void> {
  for (const member of [...Object.values(rest), ...(metadata.managedFields ?? [])])
    if (!isSmall(member)) yield* freezeSteps(member)
}

function* freezeSteps(value: unknown): Steps<void> {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
  for (const [index, member] of members.entries()) {
    if (index % stepMembers === 0) yield
    if (isSmall(member)) deepFreeze(member)
    else yield* freezeSteps(member)
  }
  if (Array.isArray(value)) return
  Object.freeze(value)
  noteFrozen(value, members.length)
}

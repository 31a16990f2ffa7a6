import type { KubeObject } from '../../machinery/meta/object.ts'
import { parseExact } from '../../std/exact-json.ts'

/** Stored values are JSON in the storage version, written by this server; see `writeStored`. */
export function decodeStored(bytes: Uint8Array): KubeObject {
  return parseExact(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as KubeObject
}

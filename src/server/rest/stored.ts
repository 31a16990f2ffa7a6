import type { KubeObject } from '../../machinery/meta/object.ts'

/** Stored values are JSON in the storage version, written by this server; see `writeStored`. */
export function decodeStored(bytes: Uint8Array): KubeObject {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as KubeObject
}

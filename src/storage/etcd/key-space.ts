import { assert } from '../../std/assert.ts'

/** Where the keys of a store lie in etcd. */
export interface KeySpace {
  toWire(key: string): Uint8Array
  fromWire(bytes: Uint8Array): string
  /** `[from, end)` of what begins with `prefix` and comes after `after`. */
  rangeOf(prefix: string, after?: string): { readonly key: Uint8Array; readonly rangeEnd: Uint8Array }
}

/** Keys that begin with `root` here begin with `prefix` there, as with kube-apiserver's --etcd-prefix. */
export function keySpace({ root, prefix }: { readonly root: string; readonly prefix: string }): KeySpace {
  const wire = (key: string) => {
    assert(key.startsWith(root), `${key} begins with ${root}`)
    return Buffer.from(prefix + key.slice(root.length))
  }
  const folder = (start: string) => (start.length < root.length ? Buffer.from(prefix) : wire(start))
  return {
    toWire: wire,
    fromWire: bytes => root + textOf(bytes).slice(prefix.length),
    rangeOf(start, after) {
      const first = folder(start)
      const rangeEnd = endOf(first)
      if (after === undefined) return { key: first.length > 0 ? first : nul, rangeEnd }
      const next = Buffer.concat([wire(after), nul])
      return { key: Buffer.compare(next, first) > 0 ? next : first, rangeEnd }
    },
  }
}

const nul = Buffer.from([0])

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString()
}

/** The first key after all that begin with `prefix`; a NUL is etcd's word for "no end". */
function endOf(prefix: Buffer): Buffer {
  const last = prefix.findLastIndex(byte => byte < 0xff)
  if (last < 0) return nul
  const end = Buffer.from(prefix.subarray(0, last + 1))
  end[last]!++
  return end
}

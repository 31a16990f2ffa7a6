/** The keys and the weight of what ConfigMaps and Secrets hold. */
import { originOf } from '../../machinery/meta/derived.ts'

type Data = Readonly<Record<string, string | null>>

/**
 * Makes a function that tells how many bytes `data` holds, and asks `isGood` about its keys. Of a large map of which a
 * patch touched a few members it looks at those alone when the one before was good.
 */
export function dataScale(sizeOf: (value: string) => number) {
  /** Weights of frozen maps whose keys are all good. */
  const known = new WeakMap<object, number>()
  const sizeAt = (data: Data, key: string) => (Object.hasOwn(data, key) ? sizeOf(data[key] ?? '') : 0)

  return (data: Data, isGood: (key: string) => boolean): number => {
    const before = known.get(data)
    if (before !== undefined) return before
    const origin = originOf(data)
    const start = origin && known.get(origin.from)
    const keys = start === undefined ? Object.keys(data) : [...origin!.touched]
    let bytes = start ?? 0
    let areGood = true
    for (const key of keys) {
      if (start !== undefined) bytes -= sizeAt(origin!.from as Data, key)
      if (!Object.hasOwn(data, key)) continue
      if (!isGood(key)) areGood = false
      bytes += sizeAt(data, key)
    }
    if (areGood && origin) known.set(data, bytes)
    return bytes
  }
}

import { gzipSync } from 'node:zlib'
import type { FunctionInput, LocationInput, SampleInput } from 'pprof-format'

/** A CPU profile as V8's inspector protocol has it; times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly CpuNode[]
  readonly startTime: number
  readonly endTime: number
  readonly samples?: readonly number[]
  readonly timeDeltas?: readonly number[]
}

export interface CpuNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

/** Objects on the heap by their type. */
export type HeapCounts = Readonly<Record<string, number>>

/** The profile as `go tool pprof` reads it: samples and nanoseconds of each stack, gzipped. */
export async function cpuPprof(profile: CpuProfile, nowMs: number): Promise<Uint8Array> {
  const book = await createBook()
  const byId = new Map(profile.nodes.map(node => [node.id, node]))
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map(child => [child, id])),
  )
  const spent = new Map<number, { count: number; micros: number }>()
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const sum = spent.get(id) ?? { count: 0, micros: 0 }
    spent.set(id, { count: sum.count + 1, micros: sum.micros + (profile.timeDeltas?.[index] ?? 0) })
  }
  const samples = [...spent].map(([id, { count, micros }]) => {
    const stack: number[] = []
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const frame = byId.get(at)?.callFrame
      if (frame && frame.functionName !== '(root)') stack.push(book.locate(frame))
    }
    return { locationId: stack, value: [count, Math.round(micros) * 1000] }
  })
  const durationNanos = (profile.endTime - profile.startTime) * 1000
  return book.close(
    [
      ['samples', 'count'],
      ['cpu', 'nanoseconds'],
    ],
    samples,
    { nowMs, durationNanos },
  )
}

/** The heap as `go tool pprof` reads it: a line for each type; where objects were made is not known. */
export async function heapPprof(counts: HeapCounts, nowMs: number): Promise<Uint8Array> {
  const book = await createBook()
  const samples = Object.entries(counts).map(([functionName, count]) => ({
    locationId: [book.locate({ functionName, url: '', lineNumber: 0 })],
    value: [count],
  }))
  return book.close([['inuse_objects', 'count']], samples, { nowMs, durationNanos: 0 })
}

/** Collects functions and places of one profile, each once. */
async function createBook() {
  const { Profile, StringTable } = await import('pprof-format')
  const texts = new StringTable()
  const functions: FunctionInput[] = []
  const locations: LocationInput[] = []
  const known = new Map<string, number>()
  return {
    locate({ functionName, url, lineNumber }: CpuNode['callFrame']): number {
      const name = functionName || '(anonymous)'
      const key = `${name}\0${url}\0${lineNumber}`
      const found = known.get(key)
      if (found !== undefined) return found
      const id = locations.length + 1
      const [named, file] = [texts.dedup(name), texts.dedup(url)]
      functions.push({ id, name: named, systemName: named, filename: file })
      locations.push({ id, line: [{ functionId: id, line: lineNumber + 1 }] })
      known.set(key, id)
      return id
    },
    close(
      kinds: readonly (readonly [string, string])[],
      sample: SampleInput[],
      { nowMs, durationNanos }: { readonly nowMs: number; readonly durationNanos: number },
    ): Uint8Array {
      const sampleType = kinds.map(([type, unit]) => ({ type: texts.dedup(type), unit: texts.dedup(unit) }))
      const times = { timeNanos: BigInt(Math.round(nowMs)) * 1_000_000n, durationNanos }
      const whole = { sampleType, sample, location: locations, function: functions, stringTable: texts }
      return gzipSync(new Profile({ ...whole, ...times }).encode())
    },
  }
}

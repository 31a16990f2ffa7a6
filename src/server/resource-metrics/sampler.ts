import type { Ports } from '../../std/ports.ts'
import { sleep } from '../../std/sleep.ts'
import type { NodeReading } from './point.ts'

/** Two readings of a node, some seconds apart. */
export interface ReadingPair {
  readonly before: NodeReading
  readonly now: NodeReading
}

/**
 * Readings of nodes, taken only while somebody asks for them: a cluster that nobody looks at is not measured. A first
 * look, or one after a long time, takes two readings a second apart; later ones are compared with the reading before,
 * as metrics-server's are (its --metric-resolution of 15 s).
 */
export interface Sampler {
  /** Undefined when the node's kubelet does not tell. */
  read(node: string): Promise<ReadingPair | undefined>
}

/** Asks a node's kubelet once; rejects when it does not answer. */
export type Scrape = (node: string) => Promise<NodeReading>

/** A pair is good for so long. */
const resolutionMs = 15_000
/** An older reading would tell of times that nobody asked about. */
const spanMaxMs = 90_000
const firstSpanMs = 1_000
/** Of nodes that nobody asked for. */
const forgetMs = 600_000
/** A list of a large cluster does not open all its connections at once. */
const scrapesMax = 32

interface Entry {
  latest?: { readonly reading: NodeReading; readonly takenMs: number }
  pair?: ReadingPair
  pending?: Promise<ReadingPair | undefined> | undefined
}

export function createSampler(scrape: Scrape, { clock, log }: Pick<Ports, 'clock' | 'log'>): Sampler {
  const entries = new Map<string, Entry>()
  const inTurn = atMost(scrapesMax)
  const take = async (node: string, entry: Entry) => {
    const reading = await inTurn(() => scrape(node))
    entry.latest = { reading, takenMs: clock.monotonicMs() }
    return reading
  }
  const sample = async (node: string, entry: Entry): Promise<ReadingPair | undefined> => {
    const known = entry.latest
    const isRecent = known && clock.monotonicMs() - known.takenMs <= spanMaxMs
    try {
      const before = isRecent ? known.reading : await take(node, entry)
      if (!isRecent) await sleep(clock, firstSpanMs)
      entry.pair = { before, now: await take(node, entry) }
      return entry.pair
    } catch (error) {
      entries.delete(node)
      log.debug('a kubelet does not tell what its node uses', { node, error: String(error) })
      return undefined
    }
  }
  return {
    async read(node) {
      forgetOthers(entries, clock.monotonicMs())
      const entry = entries.get(node) ?? {}
      entries.set(node, entry)
      if (entry.pending) return entry.pending
      const isFresh = entry.latest && clock.monotonicMs() - entry.latest.takenMs < resolutionMs
      if (entry.pair && isFresh) return entry.pair
      entry.pending = sample(node, entry)
      try {
        return await entry.pending
      } finally {
        entry.pending = undefined
      }
    },
  }
}

function forgetOthers(entries: Map<string, Entry>, nowMs: number): void {
  for (const [node, { latest, pending }] of entries)
    if (!pending && latest && nowMs - latest.takenMs > forgetMs) entries.delete(node)
}

/** Runs so many pieces of work at a time, the others in the order of their coming. */
function atMost(max: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = max
  const waiting: (() => void)[] = []
  return async work => {
    if (free > 0) free--
    else await new Promise<void>(resolve => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}

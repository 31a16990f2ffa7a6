import type { Event } from '../api/types/core-v1.gen.ts'

/** What becomes of one event (client-go tools/record events_cache): a new object, a higher count, or nothing. */
export type Verdict =
  | { readonly verdict: 'create'; readonly event: Event }
  | { readonly verdict: 'count'; readonly event: Event; readonly previous: Event }
  | { readonly verdict: 'spam' }

/** Limits of client-go's EventCorrelator. */
const cacheEntriesMax = 4096
const similarMax = 10
const similarIntervalMs = 600_000
const spamBurst = 25
const spamRefillPerMs = 1 / 300_000

/**
 * Counts what repeats, folds many similar events into one, and lets through only a few per object: 25 at
 * once, then one in five minutes.
 */
export class EventCorrelator {
  readonly #written = new Map<string, Event>()
  readonly #similar = new Map<string, { messages: Set<string>; atMs: number }>()
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>()

  judge(event: Event, nowMs: number): Verdict {
    const folded = this.#fold(event, nowMs)
    if (!this.#allowed(event, nowMs)) return { verdict: 'spam' }
    const previous = this.#written.get(folded.key)
    if (!previous) return { verdict: 'create', event: folded.event }
    const { metadata, firstTimestamp, count } = previous
    const counted = { ...folded.event, metadata, firstTimestamp, count: (count ?? 0) + 1 }
    return { verdict: 'count', event: counted, previous }
  }

  /** Remembers what the server has, so that the next one like it is counted on top. */
  remember(event: Event): void {
    const key = event.message?.startsWith(combinedPrefix) ? similarKey(event) : exactKey(event)
    remember(this.#written, key, event)
  }

  #fold(event: Event, nowMs: number): { readonly key: string; readonly event: Event } {
    const key = similarKey(event)
    const seen = this.#similar.get(key)
    const record =
      seen && nowMs - seen.atMs <= similarIntervalMs ? seen : { messages: new Set<string>(), atMs: nowMs }
    record.atMs = nowMs
    record.messages.add(event.message ?? '')
    remember(this.#similar, key, record)
    if (record.messages.size < similarMax) return { key: exactKey(event), event }
    record.messages.delete(record.messages.values().next().value!)
    return { key, event: { ...event, message: `${combinedPrefix}${event.message}` } }
  }

  #allowed(event: Event, nowMs: number): boolean {
    const key = sourceKey(event)
    const bucket = this.#buckets.get(key) ?? { tokens: spamBurst, atMs: nowMs }
    bucket.tokens = Math.min(spamBurst, bucket.tokens + (nowMs - bucket.atMs) * spamRefillPerMs)
    bucket.atMs = nowMs
    remember(this.#buckets, key, bucket)
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }
}

const combinedPrefix = '(combined from similar events): '

/** Who says something about which object. */
export function sourceKey({ source, involvedObject: object }: Event): string {
  const about = [object.kind, object.namespace, object.name, object.uid, object.apiVersion]
  return [source?.component, source?.host, ...about].join('\u0000')
}

function similarKey(event: Event): string {
  return [sourceKey(event), event.type, event.reason, event.reportingComponent, event.reportingInstance].join(
    '\u0000',
  )
}

function exactKey(event: Event): string {
  return [similarKey(event), event.involvedObject.fieldPath, event.message].join('\u0000')
}

/** Puts at the young end and lets the oldest go. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > cacheEntriesMax) map.delete(map.keys().next().value!)
}

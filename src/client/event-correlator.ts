import type { Event } from '../api/types/core-v1.gen.ts'

/** What becomes of one event (client-go tools/record events_cache): a new object, a higher count, or nothing. */
export type Verdict =
  | { readonly verdict: 'create' | 'count'; readonly event: Event }
  | { readonly verdict: 'spam' }

/** Limits of client-go's EventCorrelator. */
const cacheEntriesMax = 4096
const similarMax = 10
const similarIntervalMs = 600_000
const spamBurst = 25
const spamRefillPerMs = 1 / 300_000

/**
 * Counts what repeats, folds many similar events into one, and lets through only a few per object and type: 25 at
 * once, then one in five minutes. What was not let through is counted all the same.
 */
export class EventCorrelator {
  readonly #observed = new Map<string, Event>()
  readonly #similar = new Map<string, { messages: Set<string>; atMs: number }>()
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>()
  readonly #nameOf: NameOf

  /** `nameOf` names the event that many similar ones are folded into. */
  constructor(nameOf: NameOf) {
    this.#nameOf = nameOf
  }

  /** Asked once for each event, in the order in which they were said; asking again counts again. */
  judge(event: Event, nowMs: number): Verdict {
    const folded = this.#fold(event, nowMs)
    const previous = this.#observed.get(folded.key)
    const observed = previous ? countedOnTop(folded.event, previous) : folded.event
    remember(this.#observed, folded.key, observed)
    if (!this.#allowed(event, nowMs)) return { verdict: 'spam' }
    return { verdict: previous ? 'count' : 'create', event: observed }
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
    return { key, event: combined(event, this.#nameOf(event, nowMs)) }
  }

  #allowed(event: Event, nowMs: number): boolean {
    const key = [sourceKey(event), event.type].join('\u0000')
    const bucket = this.#buckets.get(key) ?? { tokens: spamBurst, atMs: nowMs }
    bucket.tokens = Math.min(spamBurst, bucket.tokens + (nowMs - bucket.atMs) * spamRefillPerMs)
    bucket.atMs = nowMs
    remember(this.#buckets, key, bucket)
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }
}

type NameOf = (event: Event, nowMs: number) => string

function countedOnTop(event: Event, { metadata, firstTimestamp, count }: Event): Event {
  const name = metadata.name
  return { ...event, metadata: { ...event.metadata, name }, firstTimestamp, count: (count ?? 0) + 1 }
}

/** One event for many: it says what the last of them said, and has no annotations and no reporter of its own. */
function combined(event: Event, name: string): Event {
  const { annotations: _, ...metadata } = event.metadata
  const { reportingComponent: _component, reportingInstance: _instance, ...rest } = event
  return {
    ...rest,
    metadata: { ...metadata, name },
    firstTimestamp: event.lastTimestamp,
    message: `(combined from similar events): ${event.message}`,
  }
}

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

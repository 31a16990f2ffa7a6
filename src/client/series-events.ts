import type { ObjectReference } from '../api/types/core-v1.gen.ts'
import type { Event } from '../api/types/events-v1.gen.ts'
import { StatusError } from '../machinery/status/status.ts'
import type { Ports } from '../std/ports.ts'
import { sleep } from '../std/sleep.ts'
import { type Client, strategicPatch } from './client.ts'
import { eventName } from './event-name.ts'
import type { EventNote, EventRecorder } from './events.ts'
import { isNotFound } from './failure.ts'
import type { ResourceRef } from './resource.ts'
import { toMicroTimestamp } from './timestamp.ts'

export interface SeriesRecorderOptions {
  readonly client: Client
  readonly ports: Ports
  readonly signal: AbortSignal
  /** Who says it: `default-scheduler`. */
  readonly controller: string
  /** Which one of them: upstream's name is `CONTROLLER-HOSTNAME`. */
  readonly instance: string
}

const events: ResourceRef<Event> = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
}

const queueMax = 1000
/** Writes at once: alone each would wait for a commit of its own. */
const batchMax = 32
const triesMax = 12
const retryMs = 10_000
/** A series ends when nothing was added to it for so long. */
const finishMs = 6 * 60_000
/** Each series that goes on is told of again so often, lest the server forgets it: every half hour. */
const finishesPerRefresh = 5
const seriesMax = 4096

/** What was said about an object, and how often. */
interface Series {
  event: Event
  count: number
  lastMs: number
  /** How many of `count` the server knows. */
  told: number
}

/**
 * Records Events of events.k8s.io/v1 (client-go tools/events): the same thing said again of the same object makes a
 * series, which the server is told of at its second event, every half hour and at its end.
 */
export function createSeriesRecorder(options: SeriesRecorderOptions): EventRecorder {
  const { ports, signal } = options
  const known = new Map<string, Series>()
  const queue = new Set<Series>()
  let dropped = 0
  let finishes = 0
  let writing: Promise<void> | undefined
  const enqueue = (series: Series) => {
    if (queue.has(series)) return
    if (queue.size >= queueMax) dropped++
    else queue.add(series)
    writing ??= Promise.resolve().then(drain)
  }
  const drain = async () => {
    while (queue.size > 0) {
      const batch = [...queue.values().take(batchMax)]
      for (const series of batch) queue.delete(series)
      const written = await Promise.all(batch.map(series => write(options, series)))
      dropped += written.filter(ok => !ok).length
    }
    writing = undefined
  }
  const finish = () => {
    const nowMs = ports.clock.nowMs()
    const refreshing = ++finishes % finishesPerRefresh === 0
    for (const [key, series] of known) {
      if (refreshing && series.count > 1) enqueue(series)
      if (nowMs - series.lastMs < finishMs) continue
      known.delete(key)
      // What was said once and dropped then is not news any more.
      if (series.count > 1 && series.count > series.told) enqueue(series)
    }
    if (known.size > 0) wake()
  }
  const wake = () => {
    const cancel = ports.clock.setTimer(finishMs, finish)
    signal.addEventListener('abort', cancel, { once: true })
  }
  const begin = (key: string, event: Event) => {
    if (known.size === 0) wake()
    const [oldest] = known.keys()
    if (known.size >= seriesMax) known.delete(oldest!)
    const series: Series = { event, count: 1, lastMs: ports.clock.nowMs(), told: 0 }
    known.set(key, series)
    enqueue(series)
  }
  return {
    record(about, note) {
      if (signal.aborted) return void dropped++
      const key = JSON.stringify([note.type, note.action, note.reason, about, note.related])
      const series = known.get(key)
      if (!series) return begin(key, toEvent(options, about, note))
      series.count++
      series.lastMs = ports.clock.nowMs()
      if (series.count === 2) enqueue(series)
    },
    dropped: () => dropped,
    flushed: async () => {
      while (writing) await writing
    },
  }
}

function toEvent(
  { ports, controller, instance }: SeriesRecorderOptions,
  about: ObjectReference,
  note: EventNote,
): Event {
  const nowMs = ports.clock.nowMs()
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: {
      name: eventName(about.name, ports),
      namespace: about.namespace ?? 'default',
    },
    eventTime: toMicroTimestamp(nowMs),
    reportingController: controller,
    reportingInstance: instance,
    action: note.action ?? note.reason,
    reason: note.reason,
    regarding: about,
    ...(note.related && { related: note.related }),
    note: note.message,
    type: note.type,
  }
}

/** False when the event was dropped. */
async function write(options: SeriesRecorderOptions, series: Series): Promise<boolean> {
  const { ports, signal } = options
  for (let tries = 0; tries < triesMax && !signal.aborted; tries++) {
    if (tries > 0) await sleep(ports.clock, retryMs * (1 + ports.random.next() / 4), signal)
    try {
      await tryToWrite(options.client, series)
      return true
    } catch (error) {
      // A server that answered will not answer better; one that was not there may.
      const refused = error instanceof StatusError && error.code < 500 && error.code !== 429
      ports.log.debug('event not written', { event: series.event.metadata.name, error: String(error) })
      if (refused) return false
    }
  }
  return false
}

async function tryToWrite(client: Client, series: Series): Promise<void> {
  const { event, count, lastMs, told } = series
  const { namespace, name } = event.metadata
  const more = count > 1 ? { series: { count, lastObservedTime: toMicroTimestamp(lastMs) } } : {}
  try {
    if (told === 0) await client.create(events, { ...event, ...more })
    else await client.patch(events, namespace, name!, { type: strategicPatch, body: more })
  } catch (error) {
    if (told === 0 || !isNotFound(error)) throw error
    await client.create(events, { ...event, ...more })
  }
  series.told = count
}

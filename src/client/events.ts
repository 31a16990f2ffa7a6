import type { Event, ObjectReference } from '../api/types/core-v1.gen.ts'
import { toApiVersion } from '../machinery/meta/group.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import { StatusError } from '../machinery/status/status.ts'
import type { Ports } from '../std/ports.ts'
import { sleep } from '../std/sleep.ts'
import { type Client, strategicPatch } from './client.ts'
import { EventCorrelator, sourceKey, type Verdict } from './event-correlator.ts'
import { eventName } from './event-name.ts'
import { isNotFound } from './failure.ts'
import type { ResourceName, ResourceRef } from './resource.ts'
import { toTimestamp } from './timestamp.ts'

export interface EventRecorder {
  /** Says what happened to an object. Returns at once; the write follows, or is dropped when there are too many. */
  record(about: ObjectReference, note: EventNote): void
  /** How many were dropped because the queue was full, spam, or refused by the server. */
  dropped(): number
  /** Resolves when everything recorded so far is written or dropped. */
  flushed(): Promise<void>
}

export interface EventNote {
  readonly type: 'Normal' | 'Warning'
  /** UpperCamelCase, for machines. */
  readonly reason: string
  readonly message: string
  readonly annotations?: Readonly<Record<string, string>>
  /** What was done, for events.k8s.io alone: `Binding`. */
  readonly action?: string
  /** The other object of it, for events.k8s.io alone. */
  readonly related?: ObjectReference
}

export interface EventRecorderOptions {
  readonly client: Client
  readonly ports: Ports
  readonly signal: AbortSignal
  /** Who says it: `replicaset-controller`, `kubelet`. */
  readonly component: string
  /** The node it is said on; absent for cluster-wide components. */
  readonly host?: string
}

const events: ResourceRef<Event> = {
  group: '',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
}

const queueMax = 1000
/** Objects whose events are written at once: alone each event would wait for a commit of its own. */
const batchMax = 32
/** client-go tools/record: 12 tries, 10 s apart, the first pause shortened by chance. */
const triesMax = 12
const retryMs = 10_000

/** Names an object the way that events and owner fields do. */
export function referenceTo(resource: ResourceName, object: KubeObject): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata
  const apiVersion = toApiVersion(resource.group, resource.version)
  return { kind: resource.kind, namespace, name, uid, apiVersion, resourceVersion }
}

/**
 * Records core/v1 Events with upstream's names, counting, folding and spam limits; those about one object are written
 * one after the other.
 */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { ports, signal } = options
  const correlator = new EventCorrelator(({ involvedObject }) => eventName(involvedObject.name, ports))
  const queues = new Map<string, Event[]>()
  let queued = 0
  let dropped = 0
  let writing: Promise<void> | undefined
  const takeBatch = () => {
    const turn = [...queues.entries().take(batchMax)]
    return turn.map(([about, queue]) => {
      const event = queue.shift()!
      // Behind the others, who have their turn before its next one.
      queues.delete(about)
      if (queue.length > 0) queues.set(about, queue)
      queued--
      return event
    })
  }
  const drain = async () => {
    while (queued > 0) {
      const judged = takeBatch().map(event => correlator.judge(event, ports.clock.nowMs()))
      const written = await Promise.all(judged.map(verdict => writeEvent(options, verdict)))
      dropped += written.filter(ok => !ok).length
    }
    writing = undefined
  }
  return {
    record(about, note) {
      if (signal.aborted || queued >= queueMax) {
        dropped++
        return
      }
      const event = toEvent(options, about, note)
      const key = sourceKey(event)
      const queue = queues.get(key)
      if (queue) queue.push(event)
      else queues.set(key, [event])
      queued++
      writing ??= Promise.resolve().then(drain)
    },
    dropped: () => dropped,
    flushed: async () => {
      while (writing) await writing
    },
  }

  function toEvent(
    { component, host }: EventRecorderOptions,
    about: ObjectReference,
    note: EventNote,
  ): Event {
    const nowMs = ports.clock.nowMs()
    const now = toTimestamp(nowMs)
    const namespace = about.namespace ?? 'default'
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: eventName(about.name, ports),
        namespace,
        annotations: note.annotations,
      },
      involvedObject: about,
      reason: note.reason,
      message: note.message,
      type: note.type,
      source: { component, ...(host ? { host } : {}) },
      reportingComponent: component,
      reportingInstance: host ?? '',
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    }
  }
}

/** False when the event was dropped. */
async function writeEvent(options: EventRecorderOptions, verdict: Verdict): Promise<boolean> {
  const { ports, signal } = options
  if (verdict.verdict === 'spam') return false
  for (let tries = 0; tries < triesMax && !signal.aborted; tries++) {
    if (tries > 0) await sleep(ports.clock, tries === 1 ? retryMs * ports.random.next() : retryMs, signal)
    try {
      await tryToWrite(options.client, verdict)
      return true
    } catch (error) {
      // A server that answered will not answer better; one that was not there may.
      const refused = error instanceof StatusError && error.code < 500 && error.code !== 429
      ports.log.debug('event not written', { event: verdict.event.metadata.name, error: String(error) })
      if (refused) return false
    }
  }
  return false
}

async function tryToWrite(client: Client, { verdict, event }: Exclude<Verdict, { verdict: 'spam' }>) {
  if (verdict === 'create') return void (await client.create(events, event))
  const { metadata, count, lastTimestamp, message } = event
  const body = { count, lastTimestamp, message }
  try {
    await client.patch(events, metadata.namespace, metadata.name!, { type: strategicPatch, body })
  } catch (error) {
    if (!isNotFound(error)) throw error
    // Forgotten by the server meanwhile, or spam when it was said first.
    await client.create(events, event)
  }
}

import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import { isConflict } from '../client/failure.ts'
import type { Informer } from '../client/informer.ts'
import type { Informers } from '../client/informers.ts'
import type { ResourceName, ResourceRef } from '../client/resource.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import { messageOf } from '../std/message.ts'
import type { Ports } from '../std/ports.ts'
import { whenAborted } from '../std/sleep.ts'
import { beginWork } from '../std/turns.ts'
import { isQuiet } from './apply.ts'
import { createQueueMeter } from './queue-meter.ts'
import { untilServed } from './until-served.ts'
import { WorkQueue } from './work-queue.ts'

/**
 * A controller as the harness sees it: `start` subscribes to what it watches and answers with the function
 * that brings one key in order. Most are made by `defineController`; those whose work is not the state of one
 * object (garbage collection, namespace content) are written against this.
 */
export interface Worker {
  /** `replicaset`: names it in logs, metrics and `--disable`. */
  readonly name: string
  /** The ServiceAccount in kube-system whose rights it uses: `replicaset-controller`. */
  readonly identity: string
  /** `source.component` of its events; the identity where upstream's is the same. */
  readonly eventSource?: string
  /** Keys worked on at a time. */
  readonly concurrency?: number
  /** Custom kinds without which it does not start. */
  readonly needs?: readonly ResourceName[]
  readonly start: (context: WorkerContext) => Sync
}

/** Brings one key in order. A thrown error means: again, later. */
export type Sync = (key: string) => Promise<Requeue>

export interface Requeue {
  readonly afterMs?: number
}

export interface WorkerContext {
  readonly client: Client
  /** Shared by all controllers, read under the controller manager's own identity. */
  readonly informers: Informers
  readonly events: EventRecorder
  readonly ports: Ports
  readonly signal: AbortSignal
  /** Puts a key in the queue, now or after a while. */
  enqueue(key: string, afterMs?: number): void
  /** The informer of a resource that work must not begin without. */
  use<T extends KubeObject>(resource: ResourceRef<T>): Informer<T>
  /** Like `use`; calls `keys` for each change and puts what it names in the queue. */
  watch<T extends KubeObject>(resource: ResourceRef<T>, keys: KeysOfChange<T>): void
}

/** `old` undefined: new. `object` undefined: deleted. */
export type KeysOfChange<T> = (object: T | undefined, old: T | undefined) => Iterable<string | undefined>

export interface WorkerStats {
  syncs: number
  failures: number
  conflicts: number
  /** Keys waiting now. */
  depth: number
}

const concurrencyDefault = 5

/** The identity of a worker that acts as the controller manager itself, not as a service account. */
export const managerIdentity = 'kube-controller-manager'

export interface WorkerRun {
  readonly worker: Worker
  readonly client: Client
  readonly informers: Informers
  readonly events: EventRecorder
  readonly ports: Ports
  readonly signal: AbortSignal
  readonly stats: WorkerStats
}

/** Runs one controller until `signal` aborts: waits for its informers, then works its queue off. */
export async function runWorker(run: WorkerRun): Promise<void> {
  const { worker, informers, ports, signal, stats } = run
  if (worker.needs) await untilServed(worker.needs, informers, ports, signal)
  const queue = new WorkQueue(ports.clock, createQueueMeter(ports, worker.name))
  const cancels: (() => void)[] = []
  const close = () => {
    for (const cancel of cancels) cancel()
    queue.close()
  }
  if (signal.aborted) return
  signal.addEventListener('abort', close, { once: true })
  const enqueue = (key: string, afterMs = 0) => {
    queue.addAfter(key, afterMs)
    stats.depth = queue.depth
  }
  const needed: Promise<void>[] = []
  const use: WorkerContext['use'] = resource => {
    const informer = informers.of(resource)
    needed.push(informer.whenSynced())
    return informer
  }
  const watch: WorkerContext['watch'] = (resource, keys) => {
    const cancel = use(resource).onChange(({ object, old }) => {
      for (const key of keys(object, old)) if (key !== undefined) enqueue(key)
    })
    cancels.push(cancel)
  }
  const sync = worker.start({ ...run, enqueue, use, watch })
  await Promise.race([Promise.all(needed), whenAborted(signal)])
  const lanes = Array.from({ length: worker.concurrency ?? concurrencyDefault }, () => work(run, queue, sync))
  await Promise.all(lanes)
}

/** Calls within the process take no turn of the event loop: two who undo each other's work would leave none to others. */
const syncsBetweenPauses = 64

async function work(run: WorkerRun, queue: WorkQueue, sync: Sync): Promise<void> {
  const breathe = beginWork(run.ports.clock)
  let syncs = 0
  for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
    run.stats.syncs++
    try {
      const { afterMs } = await sync(key)
      queue.forget(key)
      if (afterMs !== undefined) queue.addAfter(key, afterMs)
    } catch (error) {
      retry(run, queue, key, error)
    }
    queue.done(key)
    run.stats.depth = queue.depth
    const pause = ++syncs % syncsBetweenPauses === 0 ? breathe() : undefined
    if (pause) await pause
  }
}

function retry(
  { worker, ports, signal, stats }: WorkerRun,
  queue: WorkQueue,
  key: string,
  error: unknown,
): void {
  if (signal.aborted) return
  const tries = queue.retry(key)
  const fields = {
    controller: worker.name,
    key,
    tries,
    error: messageOf(error),
  }
  if (isConflict(error) || isQuiet(error)) {
    stats.conflicts++
    ports.log.debug('view was old', fields)
    return
  }
  stats.failures++
  ports.log.warn('sync failed', fields)
}

import { nodes } from '../api/core/node.ts'
import { pods } from '../api/core/pod.ts'
import type { Pod } from '../api/types/core-v1.gen.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import { createInformers } from '../client/informers.ts'
import { isNotFound } from '../machinery/status/errors.ts'
import type { Ports, Runnable } from '../std/ports.ts'
import { bindPod } from './bind.ts'
import { takeNodeChange, takePodChange } from './cluster-events.ts'
import { findNode } from './framework/find-node.ts'
import type { Cycle, SchedulerPlugin } from './framework/plugin.ts'
import { createSchedulingQueue, type QueuedPod, type SchedulingQueue } from './queue/scheduling-queue.ts'
import {
  type ClusterSnapshot,
  createClusterSnapshot,
  type SchedulerKernels,
} from './snapshot/cluster-snapshot.ts'
import { podResources } from './snapshot/pod-resources.ts'
import { reportUnschedulable } from './unschedulable.ts'

export interface SchedulerOptions {
  readonly client: Client
  readonly recorder: EventRecorder
  readonly plugins: readonly SchedulerPlugin[]
  /** The filter-and-score and label kernels, or their twins. */
  readonly kernels: SchedulerKernels
  /** Only pods with this spec.schedulerName are taken. Default `default-scheduler`. */
  readonly schedulerName?: string
}

/** Placements that may wait for the API at once. */
const bindingsMax = 256
/** A turn of the event loop spends at most this long on placing pods, so that nothing else waits. */
const turnMaxMs = 8

/** Watches pods and nodes and gives every pending pod a node, or says why there is none. */
export function createScheduler(options: SchedulerOptions): Runnable {
  return async (ports, signal) => {
    const scheduler = assemble(options, ports)
    const informers = createInformers({ client: options.client, ports, signal })
    const mine = (pod: Pod) =>
      !pod.spec?.nodeName &&
      (pod.spec?.schedulerName ?? defaultName) === (options.schedulerName ?? defaultName)
    informers.of(nodes).onChange(change => takeNodeChange(change, scheduler.snapshot, scheduler.queue))
    await informers.of(nodes).whenSynced()
    informers.of(pods).onChange(change => takePodChange(change, scheduler.snapshot, scheduler.queue, mine))
    await schedulePods(scheduler, signal)
    await informers.done
  }
}

const defaultName = 'default-scheduler'

interface Scheduler {
  readonly options: SchedulerOptions
  readonly ports: Ports
  readonly snapshot: ClusterSnapshot
  readonly queue: SchedulingQueue
  readonly bindings: Set<Promise<void>>
}

function assemble(options: SchedulerOptions, ports: Ports): Scheduler {
  const snapshot = createClusterSnapshot(options.kernels)
  return {
    options,
    ports,
    snapshot,
    queue: createSchedulingQueue(options.plugins, ports.clock),
    bindings: new Set(),
  }
}

async function schedulePods(scheduler: Scheduler, signal: AbortSignal): Promise<void> {
  const { ports, queue, bindings } = scheduler
  let ready = Promise.withResolvers<void>()
  queue.onReady(() => ready.resolve())
  signal.addEventListener('abort', () => ready.resolve(), { once: true })
  while (!signal.aborted) {
    const endMs = ports.clock.monotonicMs() + turnMaxMs
    let queued = queue.pop()
    for (
      ;
      queued;
      queued = ports.clock.monotonicMs() < endMs && bindings.size < bindingsMax ? queue.pop() : undefined
    ) {
      schedulePod(scheduler, queued)
    }
    if (bindings.size >= bindingsMax) await Promise.race(bindings)
    if (!queue.hasActive()) {
      await ready.promise
      ready = Promise.withResolvers<void>()
    } else {
      await new Promise<void>(resolve => ports.clock.setTimer(0, resolve))
    }
  }
  await Promise.all(bindings)
}

function schedulePod(scheduler: Scheduler, queued: QueuedPod): void {
  const { options, ports, snapshot, queue } = scheduler
  const cycle: Cycle = { pod: queued.pod, resources: podResources(queued.pod), snapshot, state: new Map() }
  const verdict = findNode(options.plugins, cycle, ports.random)
  if (verdict.outcome === 'none') {
    queue.failed(queued, verdict.failure.plugins)
    track(scheduler, reportUnschedulable(options, ports, queued.pod, verdict.failure.message), queued)
    return
  }
  snapshot.assume(queued.pod, verdict.node.name)
  const binding = bindPod(options, cycle, verdict.node).catch(error => {
    // An answer that was lost: the binding happened, and the API has shown it meanwhile.
    if (!snapshot.isAssumed(queued.key) && snapshot.podOn(queued.key)) return
    snapshot.forget(queued.key)
    queue.moved({ kind: 'assignedPodDeleted', pod: queued.pod })
    if (isNotFound(error)) return
    ports.log.warn('binding failed, trying again', { pod: queued.key, error: String(error) })
    queue.retry(queued)
  })
  track(scheduler, binding, queued)
}

function track({ bindings, ports }: Scheduler, work: Promise<void>, queued: QueuedPod): void {
  const done = work
    .catch(error => ports.log.warn('could not report on a pod', { pod: queued.key, error: String(error) }))
    .finally(() => bindings.delete(done))
  bindings.add(done)
}

import { nodes } from '../api/core/node.ts'
import { pods } from '../api/core/pod.ts'
import type { Pod } from '../api/types/core-v1.gen.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import { createInformers, type Informers } from '../client/informers.ts'
import { resourceId } from '../client/resource.ts'
import { isNotFound } from '../machinery/status/errors.ts'
import type { Ports, Runnable } from '../std/ports.ts'
import { sleep } from '../std/sleep.ts'
import { BindingError, bindPod } from './bind.ts'
import { type Cluster, takeNodeChange, takePodChange } from './cluster-events.ts'
import { findNode, type Verdict } from './framework/find-node.ts'
import type { Handle } from './framework/handle.ts'
import type { Cycle, SchedulerPlugin } from './framework/plugin.ts'
import { type AttemptResult, countIncoming, meterScheduler, type SchedulerMeter } from './metrics.ts'
import {
  createProfiles,
  defaultProfile,
  defaultSchedulerName,
  type ProfileSpec,
  type Profiles,
} from './profiles.ts'
import { createSchedulingQueue, type QueueBackoff, type QueuedPod } from './queue/scheduling-queue.ts'
import { createClusterSnapshot, type SchedulerKernels } from './snapshot/cluster-snapshot.ts'
import type { NodeInfo } from './snapshot/node-info.ts'
import { createNominatedPods } from './snapshot/nominated-pods.ts'
import { podResources } from './snapshot/pod-resources.ts'
import { type Report, reportUnschedulable } from './unschedulable.ts'

export interface SchedulerOptions {
  readonly client: Client
  readonly recorder: EventRecorder
  /** The filter-and-score and label kernels, or their twins. */
  readonly kernels: SchedulerKernels
  /** One for each name that pods may ask for; default: `default-scheduler` with all plugins. */
  readonly profiles?: readonly ProfileSpec[]
  readonly backoff?: QueueBackoff
  /** A pod that nothing helps is tried again after so long. Default five minutes. */
  readonly waitingMaxMs?: number
}

/** Placements that may wait for the API at once. */
const bindingsMax = 256
/** A turn of the event loop spends at most this long on placing pods, so that nothing else waits. */
const turnMaxMs = 8

/** Watches pods, nodes and what the plugins look up, and gives every pending pod a node, or says why there is none. */
export function createScheduler(options: SchedulerOptions): Runnable {
  return async (ports, signal) => {
    const informers = createInformers({ client: options.client, ports, signal })
    const scheduler = assemble(options, ports, { informers, signal })
    await watchWhatPluginsRead(scheduler, informers)
    informers.of(nodes).onChange(change => takeNodeChange(change, scheduler))
    await informers.of(nodes).whenSynced()
    informers.of(pods).onChange(change => takePodChange(change, scheduler))
    await schedulePods(scheduler, signal)
    await informers.done
  }
}

interface Scheduler extends Cluster {
  readonly options: SchedulerOptions
  readonly ports: Ports
  readonly profiles: Profiles
  readonly meter: SchedulerMeter
  readonly bindings: Set<Promise<void>>
}

interface Surroundings {
  readonly informers: Informers
  readonly signal: AbortSignal
}

function assemble(options: SchedulerOptions, ports: Ports, { informers, signal }: Surroundings): Scheduler {
  const { client, recorder, kernels } = options
  const snapshot = createClusterSnapshot(kernels)
  const nominated = createNominatedPods()
  const handle: Handle = {
    ...{ ports, client, recorder, snapshot, nominated },
    lists: {
      of: resource => informers.of(resource).store,
      onChange: (resource, handler) => informers.of(resource).onChange(() => handler()),
    },
    activate: key => queue.activate(key),
  }
  const profiles = createProfiles(options.profiles ?? [defaultProfile()], handle)
  const queue = createSchedulingQueue(
    pod => profiles.of(pod) ?? [],
    ports.clock,
    { backoff: options.backoff, waitingMaxMs: options.waitingMaxMs },
    countIncoming(ports.metrics),
  )
  const mine = (pod: Pod) => !pod.spec?.nodeName && profiles.of(pod) !== undefined
  const { meter, cancel } = meterScheduler(ports.metrics, () => ({
    ...{ queue: queue.counts(), nodes: snapshot.nodeCount },
    ...snapshot.podTotals(),
    rejected: rejectedBy(queue.waiting()),
  }))
  signal.addEventListener('abort', cancel, { once: true })
  return { options, ports, profiles, meter, snapshot, nominated, queue, mine, bindings: new Set() }
}

async function watchWhatPluginsRead({ profiles, queue }: Scheduler, informers: Informers): Promise<void> {
  const kinds = new Map(
    profiles.all().flatMap(({ reads = [] }) => reads.map(kind => [resourceId(kind), kind])),
  )
  const hints = profiles.all().flatMap(({ events = [] }) => events)
  const waking = new Set(hints.flatMap(hint => (hint.kind === 'object' && hint.plural ? [hint.plural] : [])))
  for (const kind of kinds.values()) {
    const informer = informers.of(kind)
    if (!waking.has(kind.plural)) continue
    informer.onChange(({ object, old }) => {
      queue.moved({ kind: 'object', plural: kind.plural, object, old })
    })
  }
  await informers.whenSynced()
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
      await sleep(ports.clock, 0)
    }
  }
  await Promise.all(bindings)
}

function schedulePod(scheduler: Scheduler, queued: QueuedPod): void {
  const { profiles, ports, snapshot, nominated, queue, meter } = scheduler
  const { pod } = queued
  const { plugins, meter: points, percentage } = profiles.forCycle(pod)
  const judged = { pod, resources: podResources(pod), snapshot, nominated, percentage }
  const cycle: Cycle = { ...judged, filters: [], meter: points }
  const startMs = ports.clock.monotonicMs()
  const verdict = tryToFind(plugins, cycle, ports)
  const durationMs = ports.clock.monotonicMs() - startMs
  meter.chosen(durationMs)
  if (verdict instanceof Error) {
    meter.attempted('error', profileOf(pod), durationMs)
    queue.retry(queued)
    return report(scheduler, queued, { reason: 'SchedulerError', message: verdict.message, nominate: '' })
  }
  if (verdict.outcome === 'node')
    return place(scheduler, { queued, plugins, cycle, node: verdict.node, startMs })
  meter.attempted('unschedulable', profileOf(pod), durationMs)
  const { message, plugins: rejecting, nominate } = verdict.failure
  queue.failed(queued, rejecting)
  nominated.set(pod, nominate ?? pod.status?.nominatedNodeName)
  report(scheduler, queued, { reason: 'Unschedulable', message, nominate })
}

function rejectedBy(waiting: Iterable<Pick<QueuedPod, 'pod' | 'plugins'>>) {
  const rejected = new Map<string, Map<string, number>>()
  for (const { pod, plugins } of waiting) {
    const byPlugin = rejected.get(profileOf(pod)) ?? new Map<string, number>()
    rejected.set(profileOf(pod), byPlugin)
    for (const plugin of plugins) byPlugin.set(plugin, (byPlugin.get(plugin) ?? 0) + 1)
  }
  return rejected
}

function profileOf(pod: Pod): string {
  return pod.spec?.schedulerName ?? defaultSchedulerName
}

function tryToFind(plugins: readonly SchedulerPlugin[], cycle: Cycle, ports: Ports): Verdict | Error {
  try {
    return findNode(plugins, cycle, ports.random)
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error))
    const { namespace, name } = cycle.pod.metadata
    ports.log.error('scheduling failed, trying again', {
      pod: `${namespace}/${name}`,
      error: failure.message,
    })
    return failure
  }
}

interface Placement {
  readonly queued: QueuedPod
  readonly plugins: readonly SchedulerPlugin[]
  readonly cycle: Cycle
  readonly node: NodeInfo
  readonly startMs: number
}

function place(scheduler: Scheduler, placement: Placement): void {
  const { options, ports, snapshot, nominated, meter } = scheduler
  const { queued, plugins, cycle, node, startMs } = placement
  snapshot.assume(queued.pod, node.name)
  nominated.remove(queued.pod.metadata.uid!)
  const done = (result: AttemptResult) =>
    meter.attempted(result, profileOf(queued.pod), ports.clock.monotonicMs() - startMs)
  const binding = bindPod({ ...options, plugins }, cycle, node).then(
    () => {
      done('scheduled')
      meter.placed(queued.attempts, ports.clock.monotonicMs() - queued.queuedAtMs)
    },
    error => {
      done('error')
      takeBack(scheduler, queued, error)
    },
  )
  track(scheduler, binding, queued)
}

function takeBack(scheduler: Scheduler, queued: QueuedPod, error: unknown): void {
  const { ports, snapshot, queue } = scheduler
  // An answer that was lost: the binding happened, and the API has shown it meanwhile.
  if (!snapshot.isAssumed(queued.key) && snapshot.podOn(queued.key)) return
  snapshot.forget(queued.key)
  queue.moved({ kind: 'assignedPodDeleted', pod: queued.pod })
  if (isNotFound(error)) return
  ports.log.warn('binding failed, trying again', { pod: queued.key, error: String(error) })
  queue.retry(queued)
  // Not after a Bind whose answer was lost: the pod may have its node.
  if (error instanceof BindingError && error.step === 'PreBind')
    report(scheduler, queued, { reason: 'SchedulerError', message: error.message, nominate: '' })
}

function report(scheduler: Scheduler, queued: QueuedPod, said: Report): void {
  track(scheduler, reportUnschedulable(scheduler.options, scheduler.ports, queued.pod, said), queued)
}

function track({ bindings, ports }: Scheduler, work: Promise<void>, queued: QueuedPod): void {
  const done = work
    .catch(error => ports.log.warn('could not report on a pod', { pod: queued.key, error: String(error) }))
    .finally(() => bindings.delete(done))
  bindings.add(done)
}

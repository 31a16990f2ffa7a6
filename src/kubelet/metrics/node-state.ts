import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { Family, Gauge, Metrics } from '../../std/metrics.ts'
import type { KubeletConfig } from '../config.ts'
import type { PodEntry, PodWorkers } from '../pod/workers.ts'
import type { Observed, Runtime } from '../runtime/runtime.ts'
import { volumeType } from '../volumes/sources.ts'
import { kubeletSpec } from './spec.ts'
import { volumePlugin, volumePlugins } from './volume-operations.ts'

const nodeName = kubeletSpec('node_name', "The node's name. The count is always 1.", ['node'])
const runningPods = kubeletSpec('running_pods', 'Number of pods that have a running pod sandbox')
const runningContainers = kubeletSpec('running_containers', 'Number of containers currently running', [
  'container_state',
])
const desiredPods = kubeletSpec(
  'desired_pods',
  'The number of pods the kubelet is being instructed to run. static is true if the pod is not from the apiserver.',
  ['static'],
)
const activePods = kubeletSpec(
  'active_pods',
  'The number of pods the kubelet considers active and which are being considered when admitting new pods. static is true if the pod is not from the apiserver.',
  ['static'],
)
const mirrorPods = kubeletSpec(
  'mirror_pods',
  'The number of mirror pods the kubelet will try to create (one per admitted static pod)',
)
const workingPods = kubeletSpec(
  'working_pods',
  'Number of pods the kubelet is actually running, broken down by lifecycle phase, whether the pod is desired, orphaned, or runtime only (also orphaned), and whether the pod is static. An orphaned pod has been removed from local configuration or force deleted in the API and consumes resources that are not otherwise visible.',
  ['lifecycle', 'config', 'static'],
)
const ephemeralContainers = kubeletSpec(
  'managed_ephemeral_containers',
  'Current number of ephemeral containers in pods managed by this kubelet.',
)
const cgroups = kubeletSpec('cgroup_version', 'cgroup version on the hosts.')
const pendingResizes = kubeletSpec('pod_pending_resizes', 'Number of pending resizes for pods.', ['reason'])
const startedResizes = kubeletSpec('pod_in_progress_resizes', 'Number of in-progress resizes for pods.')
const volumes = {
  name: 'volume_manager_total_volumes',
  help: 'Number of volumes in Volume Manager',
  labels: ['plugin_name', 'state'],
  stability: 'ALPHA',
} as const

export interface NodeStateSources {
  readonly config: Pick<KubeletConfig, 'nodeName'>
  readonly runtime: Runtime
  readonly workers: () => PodWorkers
}

/** Brings the gauges of a node up to date; to be awaited before its metrics are told, and no work otherwise. */
export async function tellNodeState(
  metrics: Metrics,
  { config, runtime, workers }: NodeStateSources,
): Promise<void> {
  const entries = workers().entries()
  metrics.gauge(nodeName).with(config.nodeName).set(1)
  tellObserved(metrics, await runtime.containers.list())
  tellWanted(metrics, entries)
  tellWorking(metrics, entries)
  tellResizes(metrics, entries)
  tellVolumes(metrics, entries)
}

/** Does not change while the machine runs. */
export function tellCgroupVersion(metrics: Metrics, version: 1 | 2): void {
  metrics.gauge(cgroups).with().set(version)
}

function tellObserved(metrics: Metrics, { sandboxes, containers }: Observed): void {
  metrics
    .gauge(runningPods)
    .with()
    .set(sandboxes.filter(({ ready }) => ready).length)
  for (const state of ['created', 'running', 'exited'])
    metrics
      .gauge(runningContainers)
      .with(state)
      .set(containers.filter(each => each.state === state).length)
}

function tellWanted(metrics: Metrics, entries: readonly PodEntry[]): void {
  const wanted = entries.filter(({ source }) => source === 'desired').map(({ worker }) => worker)
  for (const label of ['', 'true'] as const) {
    const desired = wanted.filter(({ pod }) => staticLabel(pod) === label)
    metrics.gauge(desiredPods).with(label).set(desired.length)
    metrics
      .gauge(activePods)
      .with(label)
      .set(desired.filter(({ ended }) => !ended).length)
    if (label === 'true') metrics.gauge(mirrorPods).with().set(desired.length)
  }
  const ephemeral = wanted.map(({ pod }) => pod.spec?.ephemeralContainers?.length ?? 0)
  metrics
    .gauge(ephemeralContainers)
    .with()
    .set(ephemeral.reduce((sum, count) => sum + count, 0))
}

/** Each combination that there may be is told, as 0 where there is none. */
const kinds: readonly (readonly [source: PodEntry['source'], label: string])[] = [
  ['desired', ''],
  ['desired', 'true'],
  ['orphan', ''],
  ['orphan', 'true'],
  ['runtime_only', 'unknown'],
]
const phases = ['sync', 'terminating', 'terminated'] as const

function tellWorking(metrics: Metrics, entries: readonly PodEntry[]): void {
  const labelOf = ({ source, worker }: PodEntry) =>
    source === 'runtime_only' ? 'unknown' : staticLabel(worker.pod)
  for (const phase of phases)
    for (const [source, label] of kinds) {
      const found = entries.filter(
        each => each.source === source && labelOf(each) === label && phaseOf(each) === phase,
      )
      metrics.gauge(workingPods).with(phase, source, label).set(found.length)
    }
}

function phaseOf({ worker }: PodEntry): (typeof phases)[number] {
  if (worker.ended) return 'terminated'
  return worker.ending ? 'terminating' : 'sync'
}

function tellResizes(metrics: Metrics, entries: readonly PodEntry[]): void {
  const active = entries.filter(({ worker }) => !worker.ended)
  for (const reason of ['Deferred', 'Infeasible'] as const) {
    const waiting = active.filter(({ worker }) => worker.resize.pending?.reason === reason)
    tellSome(metrics.gauge(pendingResizes), [reason.toLowerCase()], waiting.length)
  }
  metrics
    .gauge(startedResizes)
    .with()
    .set(active.filter(({ worker }) => worker.resize.started !== undefined).length)
}

/** What pods want mounted and what is. */
function tellVolumes(metrics: Metrics, entries: readonly PodEntry[]): void {
  const active = entries.filter(({ worker }) => !worker.ended)
  const wanted = active.flatMap(({ worker }) =>
    (worker.pod.spec?.volumes ?? []).map(volume => ({
      plugin: volumePlugin(volumeType(volume)),
      isMounted: worker.mounts.has(volume.name),
    })),
  )
  const gauge = metrics.gauge(volumes)
  for (const plugin of volumePlugins) {
    const each = wanted.filter(volume => volume.plugin === plugin)
    tellSome(gauge, [plugin, 'desired_state_of_world'], each.length)
    tellSome(gauge, [plugin, 'actual_state_of_world'], each.filter(({ isMounted }) => isMounted).length)
  }
}

/** As upstream, of what there is none of nothing. */
function tellSome(gauge: Family<Gauge>, labels: readonly string[], count: number): void {
  if (count > 0) gauge.with(...labels).set(count)
  else gauge.drop(...labels)
}

function staticLabel({ metadata }: Pod): '' | 'true' {
  return metadata.annotations?.['kubernetes.io/config.source'] === 'file' ? 'true' : ''
}

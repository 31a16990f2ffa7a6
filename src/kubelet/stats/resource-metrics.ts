import type { Sample, SampleFamily } from './samples.ts'
import type { ContainerSnapshot, PodSnapshot, Snapshot } from './snapshot.ts'
import { sumOf } from './summary.ts'

/** `/metrics/resource` (upstream pkg/kubelet/metrics/collectors): what a metrics server reads. */
export function resourceFamilies(snapshot: Snapshot): SampleFamily[] {
  return [...nodeFamilies(snapshot), ...containerFamilies(snapshot), ...podFamilies(snapshot), noError]
}

const noError: SampleFamily = {
  name: 'resource_scrape_error',
  help: '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
  type: 'gauge',
  samples: [{ value: 0 }],
}

/** Name, help and type of a family. */
type Told = readonly [name: string, help: string, type: SampleFamily['type']]

const cpu = (what: string): Told => [
  `${what}_cpu_usage_seconds_total`,
  `[STABLE] Cumulative cpu time consumed by the ${what} in core-seconds`,
  'counter',
]
const memory = (what: string): Told => [
  `${what}_memory_working_set_bytes`,
  `[STABLE] Current working set of the ${what} in bytes`,
  'gauge',
]
const swap = (what: string, help: string): Told => [
  `${what}_swap_usage_bytes`,
  `[ALPHA] ${help}. Reported only on non-windows systems`,
  'gauge',
]

function family([name, help, type]: Told, samples: readonly Sample[]): SampleFamily {
  return { name, help, type, samples }
}

function nodeFamilies({ node, atMs }: Snapshot): SampleFamily[] {
  if (!node) return []
  const one = (value: number): Sample[] => [{ value, atMs }]
  const { cpuNanoseconds, memory: ofNode, swap: used } = node
  return [
    family(cpu('node'), one(cpuNanoseconds / 1e9)),
    family(memory('node'), one(ofNode.workingSetBytes)),
    family(swap('node', 'Current swap usage of the node in bytes'), used ? one(used.usedBytes) : []),
  ]
}

const started: Told = [
  'container_start_time_seconds',
  '[STABLE] Start time of the container since unix epoch in seconds',
  'gauge',
]

function containerFamilies({ pods }: Snapshot): SampleFamily[] {
  const all = pods.flatMap(({ containers }) => containers)
  const each = (read: (entry: ContainerSnapshot) => number | undefined, isTimed = true): Sample[] =>
    all.flatMap(entry => {
      const value = read(entry)
      const { name: pod, namespace } = entry.pod
      const labels = { container: entry.name, namespace, pod }
      return value === undefined ? [] : [{ labels, value, ...(isTimed && { atMs: entry.atMs }) }]
    })
  return [
    family(
      cpu('container'),
      each(entry => entry.cpuNanoseconds / 1e9),
    ),
    family(
      memory('container'),
      each(entry => entry.workingSetBytes),
    ),
    family(
      swap('container', 'Current amount of the container swap usage in bytes'),
      each(entry => entry.swapBytes),
    ),
    family(
      started,
      each(entry => entry.startedAtMs / 1000, false),
    ),
  ]
}

function podFamilies({ pods }: Snapshot): SampleFamily[] {
  const each = (read: (sums: ReturnType<typeof sumOf>) => number | undefined): Sample[] =>
    pods.flatMap(({ pod, containers }: PodSnapshot) => {
      const value = read(sumOf(containers))
      const labels = { namespace: pod.namespace, pod: pod.name }
      const atMs = Math.min(...containers.map(entry => entry.atMs))
      return value === undefined ? [] : [{ labels, value, atMs }]
    })
  return [
    family(
      cpu('pod'),
      each(sums => sums.cpuNanoseconds / 1e9),
    ),
    family(
      memory('pod'),
      each(sums => sums.workingSetBytes),
    ),
    family(
      swap('pod', 'Current amount of the pod swap usage in bytes'),
      each(sums => sums.swapBytes),
    ),
  ]
}

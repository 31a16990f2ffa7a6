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

const cpu = '[STABLE] Cumulative cpu time consumed by the'
const memory = '[STABLE] Current working set of the'

function nodeFamilies({ node, atMs }: Snapshot): SampleFamily[] {
  if (!node) return []
  const one = (value: number): Sample[] => [{ value, atMs }]
  return [
    {
      name: 'node_cpu_usage_seconds_total',
      help: `${cpu} node in core-seconds`,
      type: 'counter',
      samples: one(node.cpuNanoseconds / 1e9),
    },
    {
      name: 'node_memory_working_set_bytes',
      help: `${memory} node in bytes`,
      type: 'gauge',
      samples: one(node.memory.workingSetBytes),
    },
    {
      name: 'node_swap_usage_bytes',
      help: '[ALPHA] Current swap usage of the node in bytes. Reported only on non-windows systems',
      type: 'gauge',
      samples: node.swap ? one(node.swap.usedBytes) : [],
    },
  ]
}

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
    {
      name: 'container_cpu_usage_seconds_total',
      help: `${cpu} container in core-seconds`,
      type: 'counter',
      samples: each(entry => entry.cpuNanoseconds / 1e9),
    },
    {
      name: 'container_memory_working_set_bytes',
      help: `${memory} container in bytes`,
      type: 'gauge',
      samples: each(entry => entry.workingSetBytes),
    },
    {
      name: 'container_swap_usage_bytes',
      help: '[ALPHA] Current amount of the container swap usage in bytes. Reported only on non-windows systems',
      type: 'gauge',
      samples: each(entry => entry.swapBytes),
    },
    {
      name: 'container_start_time_seconds',
      help: '[STABLE] Start time of the container since unix epoch in seconds',
      type: 'gauge',
      samples: each(entry => entry.startedAtMs / 1000, false),
    },
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
    {
      name: 'pod_cpu_usage_seconds_total',
      help: `${cpu} pod in core-seconds`,
      type: 'counter',
      samples: each(sums => sums.cpuNanoseconds / 1e9),
    },
    {
      name: 'pod_memory_working_set_bytes',
      help: `${memory} pod in bytes`,
      type: 'gauge',
      samples: each(sums => sums.workingSetBytes),
    },
    {
      name: 'pod_swap_usage_bytes',
      help: '[ALPHA] Current amount of the pod swap usage in bytes. Reported only on non-windows systems',
      type: 'gauge',
      samples: each(sums => sums.swapBytes),
    },
  ]
}

import type { MachineFacts, MachineFree } from '../node/machine.ts'
import type { ContainerUsage } from '../runtime/runtime.ts'
import { toTime } from '../status/time.ts'

export interface SummaryInput {
  readonly nodeName: string
  readonly facts: MachineFacts
  readonly free: MachineFree
  readonly usage: readonly ContainerUsage[]
  readonly nowMs: number
}

/** `/stats/summary`, as far as it is measured: memory of the node, CPU and memory of every container. */
export function statsSummary({ nodeName, facts, free, usage, nowMs }: SummaryInput): object {
  const pods = Map.groupBy(usage, entry => entry.pod.uid)
  const available = free.memoryBytes
  return {
    node: {
      nodeName,
      memory: {
        time: toTime(nowMs),
        ...(available === undefined
          ? {}
          : { availableBytes: available, workingSetBytes: facts.memoryBytes - available }),
      },
    },
    pods: [...pods.values()].map(containers => ({
      podRef: containers[0]!.pod,
      containers: containers.map(entry => ({
        name: entry.name,
        cpu: { time: toTime(entry.atMs), usageCoreNanoSeconds: entry.cpuNanoseconds },
        memory: {
          time: toTime(entry.atMs),
          usageBytes: entry.memoryBytes,
          workingSetBytes: entry.workingSetBytes,
          rssBytes: entry.rssBytes,
        },
      })),
    })),
  }
}

/** `/metrics/resource` in Prometheus' text format (upstream pkg/kubelet/metrics/collectors). */
export function resourceMetrics(usage: readonly ContainerUsage[]): string {
  const series = (name: string, help: string, type: string, value: (entry: ContainerUsage) => number) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...usage.map(
      entry =>
        `${name}{container="${entry.name}",namespace="${entry.pod.namespace}",pod="${entry.pod.name}"} ${value(entry)} ${entry.atMs}`,
    ),
  ]
  return `${[
    ...series(
      'container_cpu_usage_seconds_total',
      '[STABLE] Cumulative cpu time consumed by the container in core-seconds',
      'counter',
      entry => entry.cpuNanoseconds / 1e9,
    ),
    ...series(
      'container_memory_working_set_bytes',
      '[STABLE] Current working set of the container in bytes',
      'gauge',
      entry => entry.workingSetBytes,
    ),
    ...[
      '# HELP resource_scrape_error [STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
      '# TYPE resource_scrape_error gauge',
      'resource_scrape_error 0',
    ],
  ].join('\n')}\n`
}

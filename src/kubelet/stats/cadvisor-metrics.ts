import type { MachineFacts } from '../node/machine.ts'
import type { DeviceUsage } from './devices.ts'
import type { InterfaceUsage } from './interfaces.ts'
import type { Sample, SampleFamily } from './samples.ts'
import type { ContainerSnapshot, PodSnapshot, Snapshot } from './snapshot.ts'

type Read = (entry: ContainerSnapshot) => number | undefined

/** Name, help, type and value of what cAdvisor tells of a container, as far as it is measured here. */
const ofContainers: readonly (readonly [string, string, SampleFamily['type'], Read])[] = [
  ['container_cpu_usage_seconds_total', 'Cumulative cpu time consumed in seconds.', 'counter', cpuSeconds],
  [
    'container_cpu_cfs_periods_total',
    'Number of elapsed enforcement period intervals.',
    'counter',
    entry => entry.throttling?.periods,
  ],
  [
    'container_cpu_cfs_throttled_periods_total',
    'Number of throttled period intervals.',
    'counter',
    entry => entry.throttling?.throttledPeriods,
  ],
  [
    'container_cpu_cfs_throttled_seconds_total',
    'Total time duration the container has been throttled.',
    'counter',
    entry => entry.throttling && entry.throttling.throttledNanoseconds / 1e9,
  ],
  ['container_memory_cache', 'Number of bytes of page cache memory.', 'gauge', entry => entry.cacheBytes],
  ['container_memory_rss', 'Size of RSS in bytes.', 'gauge', entry => entry.rssBytes],
  ['container_memory_swap', 'Container swap usage in bytes.', 'gauge', entry => entry.swapBytes],
  [
    'container_memory_usage_bytes',
    'Current memory usage in bytes, including all memory regardless of when it was accessed',
    'gauge',
    entry => entry.memoryBytes,
  ],
  [
    'container_memory_working_set_bytes',
    'Current working set in bytes.',
    'gauge',
    entry => entry.workingSetBytes,
  ],
  [
    'container_spec_memory_limit_bytes',
    'Memory limit for the container.',
    'gauge',
    entry => entry.memoryLimitBytes ?? 0,
  ],
  [
    'container_start_time_seconds',
    'Start time of the container since unix epoch in seconds.',
    'gauge',
    entry => entry.startedAtMs / 1000,
  ],
  [
    'container_last_seen',
    'Last time a container was seen by the exporter',
    'gauge',
    entry => Math.floor(entry.atMs / 1000),
  ],
]

function cpuSeconds({ cpuNanoseconds }: ContainerSnapshot): number {
  return cpuNanoseconds / 1e9
}

/** `/metrics/cadvisor`: the machine, its containers, and the networks of its pods. */
export function cadvisorFamilies({ pods, atMs }: Snapshot, facts: MachineFacts): SampleFamily[] {
  const containers = pods.flatMap(pod => pod.containers)
  return [
    ...machineFamilies(facts),
    ...ofContainers.map(([name, help, type, read]) => ({
      name,
      help,
      type,
      samples: containers.flatMap(entry => containerSample(name, entry, read(entry))),
    })),
    faults(containers),
    ...ofDevices.map(([what, help, read]) => deviceFamily(what, help, containers, read)),
    ...ofInterfaces.map(([what, help, read]) => networkFamily(what, help, { pods, atMs, read })),
  ]
}

function machineFamilies({ cpus, memoryBytes, bootId, machineId, systemUuid }: MachineFacts): SampleFamily[] {
  const labels = { boot_id: bootId, machine_id: machineId, system_uuid: systemUuid }
  const one = (value: number): Sample[] => [{ labels, value }]
  return [
    { name: 'machine_cpu_cores', help: 'Number of logical CPU cores.', type: 'gauge', samples: one(cpus) },
    {
      name: 'machine_memory_bytes',
      help: 'Amount of memory installed on the machine.',
      type: 'gauge',
      samples: one(memoryBytes),
    },
  ]
}

function labelsOf({ id, name, image, pod }: ContainerSnapshot): Record<string, string> {
  return { container: name, id, image, name: id, namespace: pod.namespace, pod: pod.name }
}

function containerSample(metric: string, entry: ContainerSnapshot, value: number | undefined): Sample[] {
  if (value === undefined) return []
  const total = metric === 'container_cpu_usage_seconds_total' && { cpu: 'total' }
  return [{ labels: { ...labelsOf(entry), ...total }, value, atMs: entry.atMs }]
}

function faults(containers: readonly ContainerSnapshot[]): SampleFamily {
  const sample = (entry: ContainerSnapshot, kind: string, value: number): Sample => ({
    labels: { ...labelsOf(entry), failure_type: kind, scope: 'container' },
    value,
    atMs: entry.atMs,
  })
  return {
    name: 'container_memory_failures_total',
    help: 'Cumulative count of memory allocation failures.',
    type: 'counter',
    samples: containers.flatMap(entry => [
      sample(entry, 'pgfault', entry.pageFaults),
      sample(entry, 'pgmajfault', entry.majorPageFaults),
    ]),
  }
}

const ofDevices: readonly (readonly [string, string, (entry: DeviceUsage) => number])[] = [
  ['reads_bytes', 'Cumulative count of bytes read', entry => entry.readBytes],
  ['reads', 'Cumulative count of reads completed', entry => entry.reads],
  ['writes_bytes', 'Cumulative count of bytes written', entry => entry.writtenBytes],
  ['writes', 'Cumulative count of writes completed', entry => entry.writes],
]

function deviceFamily(
  what: string,
  help: string,
  containers: readonly ContainerSnapshot[],
  read: (entry: DeviceUsage) => number,
): SampleFamily {
  const samples = containers.flatMap(entry =>
    (entry.devices ?? []).map(device => ({
      labels: { ...labelsOf(entry), device: device.device },
      value: read(device),
      atMs: entry.atMs,
    })),
  )
  return { name: `container_fs_${what}_total`, help, type: 'counter', samples }
}

const ofInterfaces: readonly (readonly [string, string, (entry: InterfaceUsage) => number])[] = [
  ['receive_bytes', 'Cumulative count of bytes received', entry => entry.rxBytes],
  ['receive_packets', 'Cumulative count of packets received', entry => entry.rxPackets],
  [
    'receive_packets_dropped',
    'Cumulative count of packets dropped while receiving',
    entry => entry.rxDropped,
  ],
  ['receive_errors', 'Cumulative count of errors encountered while receiving', entry => entry.rxErrors],
  ['transmit_bytes', 'Cumulative count of bytes transmitted', entry => entry.txBytes],
  ['transmit_packets', 'Cumulative count of packets transmitted', entry => entry.txPackets],
  [
    'transmit_packets_dropped',
    'Cumulative count of packets dropped while transmitting',
    entry => entry.txDropped,
  ],
  ['transmit_errors', 'Cumulative count of errors encountered while transmitting', entry => entry.txErrors],
]

function networkFamily(
  what: string,
  help: string,
  {
    pods,
    atMs,
    read,
  }: Pick<Snapshot, 'pods' | 'atMs'> & { readonly read: (entry: InterfaceUsage) => number },
): SampleFamily {
  const samples = pods.flatMap(({ pod, interfaces }: PodSnapshot) =>
    (interfaces ?? []).map(entry => ({
      labels: { interface: entry.name, namespace: pod.namespace, pod: pod.name },
      value: read(entry),
      atMs,
    })),
  )
  return { name: `container_network_${what}_total`, help, type: 'counter', samples }
}

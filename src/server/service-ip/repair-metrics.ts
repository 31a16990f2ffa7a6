import type { MetricSpec, Metrics } from '../../std/metrics.ts'

const errors = (what: string, thing: string): MetricSpec => ({
  name: `apiserver_${what}_repair_${thing}_errors_total`,
  help: `What was wrong with ${thing === 'ip' ? 'addresses' : 'node ports'} of Services, by what it was.`,
  labels: ['type'],
  stability: 'ALPHA',
})
const failures = (what: string): MetricSpec => ({
  name: `apiserver_${what}_repair_reconcile_errors_total`,
  help: 'Looks at addresses or node ports of Services that failed.',
  stability: 'ALPHA',
})

/** Upstream's words (registry core/service ipallocator and portallocator controller) for the reasons of events. */
const types: Readonly<Record<string, string>> = {
  ClusterIPNotValid: 'invalid',
  ClusterIPOutOfRange: 'outOfRange',
  ClusterIPNotAllocated: 'repair',
  ClusterIPAlreadyAllocated: 'duplicate',
  IPAddressNotAllocated: 'leak',
  IPAddressWrongReference: 'leak',
  PortOutOfRange: 'outOfRange',
  PortAlreadyAllocated: 'duplicate',
}

export interface RepairMeter {
  /** `reason`: of the event that told of it. */
  foundAddress(reason: string): void
  foundPort(reason: string): void
  /** The work, whose failure is counted. */
  counted(work: () => Promise<void>): () => Promise<void>
}

export function repairMeter(metrics: Metrics): RepairMeter {
  const addresses = metrics.counter(errors('clusterip', 'ip'))
  const ports = metrics.counter(errors('nodeport', 'port'))
  const failed = metrics.counter(failures('clusterip')).with()
  // Nothing that may fail is done about ports.
  metrics.counter(failures('nodeport')).with()
  const typeOf = (reason: string) => types[reason] ?? 'unknown'
  return {
    foundAddress: reason => addresses.with(typeOf(reason)).inc(),
    foundPort: reason => ports.with(typeOf(reason)).inc(),
    counted: work => async () => {
      try {
        await work()
      } catch (error) {
        failed.inc()
        throw error
      }
    },
  }
}

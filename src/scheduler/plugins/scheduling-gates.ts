import type { SchedulerPlugin } from '../framework/plugin.ts'

/** A pod with gates waits outside the queue until all are lifted (KEP-3521). */
export const schedulingGates: SchedulerPlugin = {
  name: 'SchedulingGates',
  events: [{ kind: 'podUpdated', helps: (_, { changes }) => changes.has('gatesLifted') }],
  preEnqueue(pod) {
    const gates = pod.spec?.schedulingGates ?? []
    return gates.length === 0
      ? undefined
      : `waiting for scheduling gates: [${gates.map(gate => gate.name).join(' ')}]`
  },
}

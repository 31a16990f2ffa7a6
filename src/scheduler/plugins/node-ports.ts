import { hostPorts, portsClash } from '../../api/shared/host-ports.ts'
import { goOn, reject, type SchedulerPlugin, skip } from '../framework/plugin.ts'

const name = 'NodePorts'

/** A host port can be taken once per node, protocol and address. */
export const nodePorts: SchedulerPlugin = {
  name,
  events: [
    {
      kind: 'assignedPodDeleted',
      helps(pod, event) {
        const freed = new Map(hostPorts(event.pod).map(port => [port, 1]))
        return hostPorts(pod).some(port => portsClash(freed, port))
      },
    },
    { kind: 'nodeAdded', helps: () => true },
  ],
  preFilter: ({ pod }) => (hostPorts(pod).length > 0 ? goOn : skip),
  filter: ({ pod }, { usedPorts }) =>
    hostPorts(pod).some(port => portsClash(usedPorts, port))
      ? reject(name, "node(s) didn't have free ports for the requested pod ports", false)
      : undefined,
}

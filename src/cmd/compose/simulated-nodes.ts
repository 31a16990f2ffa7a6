import { availableParallelism } from 'node:os'
import { createClient } from '../../client/client.ts'
import { kubeletDefaults } from '../../kubelet/config.ts'
import { createKubelet } from '../../kubelet/kubelet.ts'
import { createSimulatedRuntime } from '../../kubelet/runtime/simulated/simulated.ts'
import { simulatedHost, simulatedNetwork } from '../../kubelet/simulated-host.ts'
import { nodeUser } from '../../server/authn/identity.ts'
import { serverVersion } from '../../server/version.ts'
import type { NamedRunnable } from '../../std/run.ts'
import type { FlagReader } from '../server-flags.ts'
import type { ControlPlane } from './control-plane.ts'
import { nodeLabels, nodeTaints } from './node-flags.ts'
import type { ServerSettings } from './settings.ts'

/** `--simulated-node N`: kubelets that run every pod in imagination, each under its own identity. */
export function simulatedNodes(
  plane: ControlPlane,
  settings: ServerSettings,
  flags: FlagReader,
): NamedRunnable[] {
  return Array.from({ length: settings.simulatedNodes }, (_, index) =>
    simulatedNode(plane, settings, flags, index),
  )
}

function simulatedNode(
  plane: ControlPlane,
  settings: ServerSettings,
  flags: FlagReader,
  index: number,
): NamedRunnable {
  const nodeName = `${settings.nodeName}-${index}`
  return {
    name: nodeName,
    run: (ports, signal) => {
      const client = createClient(plane.as(nodeUser(nodeName)))
      const [network] = settings.clusterCidr.split('.', 2)
      const second = settings.clusterCidr.split('.')[1]
      return createKubelet({
        client,
        runtime: createSimulatedRuntime({ ports }),
        network: simulatedNetwork(`${network}.${second}.${index % 256}`),
        services: () => [],
        host: () => simulatedHost({ hostname: nodeName, cpus: availableParallelism() }),
        config: {
          ...kubeletDefaults,
          nodeName,
          nodeIps: [settings.nodeIp],
          nodeLabels: nodeLabels(flags),
          nodeTaints: nodeTaints(flags),
          clusterDns: [settings.clusterDns],
          clusterDomain: settings.clusterDomain,
          dataDir: `${settings.dataDir}/agent/${nodeName}`,
          kubeletVersion: serverVersion.gitVersion,
        },
      })(ports, signal)
    },
  }
}

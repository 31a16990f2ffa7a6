import { createClient } from '../client/client.ts'
import type { Transport } from '../client/transport.ts'
import { kubeletDefaults } from '../kubelet/config.ts'
import { createKubelet } from '../kubelet/kubelet.ts'
import { createSimulatedRuntime, type SimulatedRuntime } from '../kubelet/runtime/simulated/simulated.ts'
import { simulatedHost, simulatedNetwork } from '../kubelet/simulated-host.ts'
import type { Ports } from '../std/ports.ts'
import { createLink, type Link } from './faulty-transport.ts'
import { createPart, type Part } from './part.ts'

export interface SimNode extends Part {
  readonly name: string
  readonly link: Link
  readonly runtime: () => SimulatedRuntime
  /** The machine lost its power: the kubelet and everything that ran is gone. */
  crash(): void
}

export interface NodeOptions {
  readonly index: number
  readonly ports: Ports
  /** The way in under the node's identity, until `killed`. */
  readonly transport: (link: Link, killed: AbortSignal) => Transport
}

/** Room for 40 pods of 100m where 30 live when all is well: the loss of a tenth of the nodes is bearable. */
const cpus = 4
const podsMax = 45

/** A machine with a kubelet on it, that can be restarted, crash, or lose its network. */
export function createSimNode({ index, ports, transport }: NodeOptions): SimNode {
  const name = `node-${String(index).padStart(3, '0')}`
  const newRuntime = () => createSimulatedRuntime({ ports, startDelayMs: 200, stopDelayMs: 100 })
  const link = createLink()
  let runtime = newRuntime()
  const network = simulatedNetwork(`10.42.${index % 256}`)
  const part = createPart(ports, killed =>
    createKubelet({
      client: createClient(transport(link, killed)),
      runtime,
      network,
      host: () => simulatedHost({ hostname: name, cpus }),
      services: () => [],
      config: {
        ...kubeletDefaults,
        nodeName: name,
        nodeIps: [`192.0.2.${index % 256}`],
        dataDir: '/nonexistent',
        podsMax,
        kubeletVersion: 'v1.35.4',
      },
    }),
  )
  return {
    ...part,
    name,
    link,
    runtime: () => runtime,
    crash() {
      part.kill()
      runtime = newRuntime()
    },
  }
}

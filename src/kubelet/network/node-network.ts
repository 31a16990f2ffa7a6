import { nodes } from '../../api/core/node.ts'
import type { Node } from '../../api/types/core-v1.gen.ts'
import type { Client } from '../../client/client.ts'
import { type Change, createInformer } from '../../client/informer.ts'
import type { Runnable } from '../../std/ports.ts'
import type { BridgeNetwork } from './bridge.ts'
import type { NetworkShell } from './shell.ts'

export interface NodeNetworkOptions {
  readonly client: Client
  readonly nodeName: string
  readonly network: BridgeNetwork
  readonly shell: NetworkShell
}

/** Opens the pod network once this node has its range, and keeps a route to every other node's range. */
export function createNodeNetwork({ client, nodeName, network, shell }: NodeNetworkOptions): Runnable {
  return async (ports, signal) => {
    const informer = createInformer({ client, resource: nodes, ports })
    // One at a time and in order; a later state of a node overrides an earlier one.
    let work = Promise.resolve()
    informer.onChange(change => {
      work = work
        .then(() => follow(change))
        .catch(error =>
          ports.log.warn('node network not up to date', { node: change.key, error: String(error) }),
        )
    })
    const follow = async ({ object, old }: Change<Node>) => {
      if (object?.metadata.name === nodeName) {
        if (object.spec?.podCIDR) await network.open(object.spec.podCIDR)
        return
      }
      const before = routeOf(old)
      const after = routeOf(object)
      if (before === after) return
      if (before && before.split(' ')[0] !== after?.split(' ')[0]) await shell.ip([`route delete ${before}`])
      if (after) await shell.ip([`route replace ${after}`])
    }
    await informer.run(signal)
    await work
  }
}

function routeOf(node: Node | undefined): string | undefined {
  const address = node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
  return node?.spec?.podCIDR && address ? `${node.spec.podCIDR} via ${address}` : undefined
}

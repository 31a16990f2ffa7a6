import { createGate, type Gate } from '../../kubelet/api/gate.ts'
import { componentUsers, nodeUser } from '../../server/authn/identity.ts'
import { resourceInfo } from '../../server/authz/resource-info.ts'
import { createMetrics } from '../../std/metrics.ts'
import type { NamedRunnable } from '../../std/run.ts'
import type { FlagReader } from '../server-flags.ts'
import type { ControlPlane } from './control-plane.ts'
import { realNode } from './real-node.ts'
import type { ServerSettings } from './settings.ts'

/** The node of the all-in-one: it reaches the server without a socket, under the node's own identity all the same. */
export function ownNode(plane: ControlPlane, settings: ServerSettings, flags: FlagReader): NamedRunnable[] {
  const tls = () => servingTls(plane.pki)
  const { nodeName, nodeIp, dataDir, clusterCidr, serviceCidr, clusterDns, clusterDomain } = settings
  return realNode({
    ...{ nodeName, nodeIp, dataDir, clusterCidr, serviceCidr, clusterDns, clusterDomain, flags },
    kubeletPort: flags.integer('kubelet-port'),
    podmanArgs: flags.list('podman-arg'),
    podmanSocket: flags.optional('podman-socket'),
    runsProxy: !settings.disabled.has('proxy'),
    node: plane.as(nodeUser(nodeName)),
    proxy: plane.as(componentUsers.proxy),
    tls: {
      first: async () => tls(),
      onRenewed: adopt => plane.onRenewed(() => adopt(tls())),
    },
    gate: localGate(plane, nodeName),
    // What others of this process count is told by the API server.
    metrics: createMetrics(),
  })
}

function servingTls({ certificates, authorities }: ControlPlane['pki']) {
  const { certificate, key } = certificates.get('serving-kubelet')!
  return { cert: certificate, key, clientCa: authorities['client-ca'].certificate }
}

/** The server's own authenticator and authorizer decide who may use the kubelet's API (upstream asks by reviews). */
function localGate({ security }: ControlPlane, nodeName: string): Gate {
  const node = { version: 'v1', resource: 'nodes', name: nodeName }
  return createGate({
    async tokenUser(token) {
      const verdict = await security.authentication.reviewToken(token)
      return verdict.kind === 'user' ? verdict.user : undefined
    },
    async mayUse(user, verb, subresource) {
      const info = resourceInfo({ ...node, verb, subresource })
      return (await security.authorize({ user, info })).decision === 'allow'
    },
  })
}

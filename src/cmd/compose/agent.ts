import { createClient } from '../../client/client.ts'
import { createHttpTransport } from '../../client/http-transport.ts'
import type { Ports } from '../../std/ports.ts'
import { runAll } from '../../std/run.ts'
import type { FlagReader } from '../server-flags.ts'
import { agentCertificates } from './agent-certificates.ts'
import { delegatedGate } from './agent-gate.ts'
import { agentUserAgent, joinCluster } from './agent-join.ts'
import type { AgentSettings } from './agent-settings.ts'
import { ownMemory, releaseAtRest } from './memory.ts'
import { requireClusterOfOneFamily } from './preflight.ts'
import { realNode } from './real-node.ts'

/** Joins and runs pods until `signal` aborts. A server that goes away is waited for; the pods go on running. */
export async function runAgent(
  settings: AgentSettings,
  flags: FlagReader,
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  const { server, nodeName, nodeIp, dataDir } = settings
  ports.log.info('joining', { server, node: nodeName, address: nodeIp })
  const member = await joinCluster(settings, ports, signal)
  if (!member) return
  const { ca, cluster } = member
  requireClusterOfOneFamily(server, cluster)
  const identity = () => {
    const { certificate, key } = certificates.client()
    return { server, caPem: ca, certPem: certificate, keyPem: key }
  }
  const transport = createHttpTransport({ identity, ports, userAgent: agentUserAgent })
  const certificates = agentCertificates({
    ...{ settings, ports, first: member.client, clientCa: cluster.clientCa },
    transport: () => transport,
  })
  const node = realNode({
    ...{ nodeName, nodeIp, dataDir, flags },
    clusterCidr: cluster.clusterCidrs[0]!,
    serviceCidr: cluster.serviceCidrs[0]!,
    clusterDns: cluster.clusterDns,
    clusterDomain: cluster.clusterDomain,
    kubeletPort: flags.integer('kubelet-port'),
    podmanArgs: flags.list('podman-arg'),
    podmanSocket: flags.optional('podman-socket'),
    runsProxy: !flags.list('disable').includes('proxy'),
    node: transport,
    proxy: transport,
    tls: certificates.serving,
    gate: delegatedGate(createClient(transport), nodeName),
    // All that this process counts is of its node.
    metrics: ports.metrics,
  })
  ports.log.info('joined the cluster', { server })
  const beside = [
    { name: 'certificates', run: certificates.renewal },
    { name: 'memory', run: releaseAtRest(ownMemory) },
  ]
  await runAll([...node, ...beside], ports, signal)
}

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, createClient } from '../../client/client.ts'
import type { Transport } from '../../client/transport.ts'
import type { Gate } from '../../kubelet/api/gate.ts'
import { kubeletDefaults } from '../../kubelet/config.ts'
import { createKubelet } from '../../kubelet/kubelet.ts'
import { linuxHost, type ServingTls } from '../../kubelet/linux-host.ts'
import { createBridgeNetwork } from '../../kubelet/network/bridge.ts'
import { createNodeNetwork } from '../../kubelet/network/node-network.ts'
import { createNetworkShell } from '../../kubelet/network/shell.ts'
import { ensurePauseImage } from '../../kubelet/pause-image.ts'
import { openPodman } from '../../kubelet/runtime/podman/podman.ts'
import { startPodmanService } from '../../kubelet/runtime/podman/service.ts'
import { serveProxyMetrics } from '../../proxy/metrics/server.ts'
import { createProxy } from '../../proxy/proxy.ts'
import { createNftWriter } from '../../proxy/writer.ts'
import { serverVersion } from '../../server/version.ts'
import { createMetrics, type Metrics } from '../../std/metrics.ts'
import type { Ports, Runnable } from '../../std/ports.ts'
import type { NamedRunnable } from '../../std/run.ts'
import { hostAndPort } from '../flag-checks.ts'
import type { FlagReader } from '../server-flags.ts'
import { nodeLabels, nodeTaints } from './node-flags.ts'
import { explained } from './preflight.ts'
import { measureProcess } from './process-metrics.ts'

/** What a machine that runs pods is told; the same for the all-in-one and for an agent. */
export interface RealNodeOptions {
  readonly nodeName: string
  readonly nodeIp: string
  readonly dataDir: string
  readonly kubeletPort: number
  readonly clusterCidr: string
  readonly serviceCidr: string
  readonly clusterDns: string
  readonly clusterDomain: string
  /** Podman's own arguments (`--root DIR …`) where several nodes share a machine. */
  readonly podmanArgs: readonly string[]
  /** A Podman service that runs already. */
  readonly podmanSocket: string | undefined
  readonly runsProxy: boolean
  readonly flags: FlagReader
  /** In as the node itself, and as its proxy. */
  readonly node: Transport
  readonly proxy: Transport
  /** Of the kubelet's HTTPS API. */
  readonly tls: ServingTls
  readonly gate: Gate
  /** What the kubelet tells at its `/metrics`. */
  readonly metrics: Metrics
}

/** Kubelet on Podman, pod network and service proxy of this machine. */
export function realNode(options: RealNodeOptions): NamedRunnable[] {
  const shell = createNetworkShell()
  const network = createBridgeNetwork({
    shell,
    directory: join(options.dataDir, 'agent/network'),
    clusterCidr: options.clusterCidr,
    serviceCidr: options.serviceCidr,
  })
  const node = createClient(options.node)
  // A node may read no node but itself (KEP-4601); routes need all of them, as the proxy does.
  const proxy = createClient(options.proxy)
  const { nodeName } = options
  const parts: NamedRunnable[] = [
    { name: 'network', run: createNodeNetwork({ client: proxy, nodeName, network, shell }) },
    { name: 'kubelet', run: kubelet(options, node, network) },
  ]
  return options.runsProxy ? [...parts, ...serviceProxy(options, proxy)] : parts
}

/** The proxy and, where it is told, what it counts: upstream's is a program of its own, and asked by itself. */
function serviceProxy({ nodeName, flags }: RealNodeOptions, client: Client): NamedRunnable[] {
  const metrics = createMetrics()
  const proxy = createProxy({ client, nodeName, writer: createNftWriter(), metrics })
  const address = flags.text('proxy-metrics-bind-address')
  if (address === 'none') return [{ name: 'proxy', run: proxy }]
  const serve = serveProxyMetrics(metrics, hostAndPort(address))
  const run: Runnable = (ports, signal) => {
    measureProcess({ metrics, clock: ports.clock })
    return serve(ports, signal)
  }
  return [
    { name: 'proxy', run: proxy },
    { name: 'proxy-metrics', run },
  ]
}

function kubelet(
  options: RealNodeOptions,
  client: Client,
  network: ReturnType<typeof createBridgeNetwork>,
): Runnable {
  return async (given, signal) => {
    const { metrics } = options
    const ports = { ...given, metrics }
    measureProcess(ports)
    const engine = await openEngine(options, ports).catch(error => {
      throw explained(error, options.kubeletPort)
    })
    try {
      const { tls, gate } = options
      const api = { tls, gate, host: '0.0.0.0' }
      const config = kubeletConfig(options)
      mkdirSync(config.staticPodDir, { recursive: true, mode: 0o700 })
      await ensurePauseImage(engine.runtime.images, config.pauseImage, architecture())
      const host = linuxHost({ runtimeName: 'podman', api })
      await createKubelet({ client, runtime: engine.runtime, network, config, host, metrics })(ports, signal)
    } catch (error) {
      throw explained(error, options.kubeletPort)
    } finally {
      await engine.close()
    }
  }
}

/** Connects to the Podman service that was named, or starts one that ends with us; containers go on running. */
async function openEngine({ dataDir, nodeName, podmanArgs, podmanSocket }: RealNodeOptions, ports: Ports) {
  const service = podmanSocket
    ? { socketPath: podmanSocket, oomScoreAdjMin: 0, close: async () => {} }
    : await startPodmanService({ dir: join(dataDir, 'agent'), globalArgs: podmanArgs, ports })
  const { socketPath, oomScoreAdjMin } = service
  const runtime = await openPodman({ socketPath, nodeName, oomScoreAdjMin, ports })
  const close = async () => {
    await runtime.settle()
    await service.close()
  }
  return { runtime, close }
}

function kubeletConfig(options: RealNodeOptions) {
  const { nodeName, nodeIp, dataDir, flags, clusterDns, clusterDomain, kubeletPort } = options
  return {
    ...kubeletDefaults,
    nodeName,
    nodeIps: [nodeIp],
    nodeLabels: nodeLabels(flags),
    nodeTaints: nodeTaints(flags),
    clusterDns: [clusterDns],
    clusterDomain,
    dataDir: join(dataDir, 'agent'),
    staticPodDir: join(dataDir, 'agent/pod-manifests'),
    port: kubeletPort,
    kubeletVersion: serverVersion.gitVersion,
  }
}

/** Go's name of this machine's architecture. */
function architecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch
}

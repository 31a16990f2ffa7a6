import type { Pod, PodSpec } from '../api/types/core-v1.gen.ts'
import { createClient } from '../client/client.ts'
import { FakeTransport } from '../client/testing.ts'
import type { ApiCall, Transport } from '../client/transport.ts'
import { createMetrics, type Metrics } from '../std/metrics.ts'
import type { SimClock } from '../std/sim-ports.ts'
import { simPorts } from '../std/sim-ports.ts'
import { type KubeletConfig, kubeletDefaults } from './config.ts'
import { createKubelet, type HostContext } from './kubelet.ts'
import {
  createSimulatedRuntime,
  type SimulatedOptions,
  type SimulatedRuntime,
} from './runtime/simulated/simulated.ts'
import { simulatedHost, simulatedNetwork } from './simulated-host.ts'

/** Configuration of the node `n1` for tests. */
export const testConfig: KubeletConfig = {
  ...kubeletDefaults,
  nodeName: 'n1',
  nodeIps: ['192.0.2.1'],
  dataDir: '/nonexistent',
  kubeletVersion: 'v1.35.4',
}

/** A pod of the node `n1` as the API server would have it. */
export function testPod(name: string, spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-of-${name}`, generation: 1 },
    spec: {
      nodeName: 'n1',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      containers: [{ name: 'main', image: 'hutch.local/busybox:1', imagePullPolicy: 'IfNotPresent' }],
      ...spec,
    },
    status: { phase: 'Pending' },
  }
}

export interface SimulatedNode {
  readonly api: FakeTransport
  readonly clock: SimClock
  readonly runtime: SimulatedRuntime
  /** What kubelets of this node have counted. */
  readonly metrics: Metrics
  /** Of the kubelet that runs. */
  workers(): ReturnType<HostContext['workers']>
  pod(name: string): Pod | undefined
  /** Stops the kubelet, leaves the runtime as it is. */
  stop(): Promise<void>
  /** Starts a kubelet over the same runtime and API. */
  start(): Promise<void>
}

export interface SimulatedNodeOptions extends Omit<SimulatedOptions, 'ports'> {
  /** Why pods cannot be wired up; by default they always can. */
  readonly notReady?: () => string | undefined
}

/** A kubelet on the simulated runtime against a fake API, in virtual time. */
export async function simulatedNode(options: SimulatedNodeOptions = {}): Promise<SimulatedNode> {
  const { notReady } = options
  const ports = simPorts(7)
  const api = new FakeTransport()
  const runtime = createSimulatedRuntime({ ports, ...options })
  let stop = new AbortController()
  let done: Promise<void> = Promise.resolve()
  let context: HostContext
  const metrics = createMetrics()
  const node: SimulatedNode = {
    api,
    clock: ports.clock,
    runtime,
    metrics,
    workers: () => context.workers(),
    pod: name => api.object('pods', `default/${name}`) as Pod | undefined,
    async stop() {
      stop.abort()
      await done
    },
    async start() {
      stop = new AbortController()
      const kubelet = createKubelet({
        client: createClient(mergingConditions(api)),
        runtime,
        network: { ...simulatedNetwork('10.42.0'), ...(notReady && { notReady }) },
        config: testConfig,
        host(given) {
          context = given
          return simulatedHost({ hostname: 'n1' })
        },
        metrics,
      })
      done = kubelet(ports, stop.signal)
      await ports.clock.advance(1_000)
    },
  }
  await node.start()
  return node
}

type Listed = Record<string, Record<string, unknown>[] | undefined>

/** Adds to the fake server the two strategic merges that a kubelet relies on: conditions by type, replaced lists. */
export function mergingConditions(api: FakeTransport): Transport {
  return {
    watch: (call, sink, signal) => api.watch(call, sink, signal),
    async call(call: ApiCall) {
      const status = (call.body as { status?: Listed } | undefined)?.status
      if (call.patchType !== 'application/strategic-merge-patch+json' || !status) return api.call(call)
      const present = (await api.call({ ...call, verb: 'get' })) as { status?: Listed }
      const merged: Listed = { ...status }
      for (const [name, list] of Object.entries(status)) {
        if (!Array.isArray(list)) continue
        merged[name] = list.filter(entry => entry.$patch === undefined)
        if (name !== 'conditions') continue
        const kept = (present.status?.conditions ?? []).filter(
          old => !list.some(entry => entry.type === old.type),
        )
        merged[name] = [...kept, ...list.filter(entry => entry.$patch !== 'delete').map(dropNulls)]
      }
      return api.call({ ...call, body: { ...(call.body as object), status: merged } as ApiCall['body'] })
    },
  }
}

function dropNulls(entry: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null))
}

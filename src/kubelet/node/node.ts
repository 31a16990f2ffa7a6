import type { Node } from '../../api/types/core-v1.gen.ts'
import { type Client, strategicPatch } from '../../client/client.ts'
import type { EventRecorder } from '../../client/events.ts'
import { isAlreadyExists, orUndefined } from '../../client/failure.ts'
import { sleep } from '../../client/sleep.ts'
import type { Ports } from '../../std/ports.ts'
import type { KubeletConfig } from '../config.ts'
import { messageOf } from '../pod/start-error.ts'
import { nodes } from '../resources.ts'
import type { Runtime, RuntimeVersion } from '../runtime/runtime.ts'
import { createNodeLease, leaseRenewMs } from './lease.ts'
import type { Machine, MachineFacts } from './machine.ts'
import { differs, initialNode, nodeLabels, nodeStatus } from './status.ts'

export interface NodeAgent {
  /** The node as last seen or written. */
  current(): Node | undefined
  /** Registers, then keeps status and lease up to date until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
  /** Resolves once the node is registered. */
  readonly registered: Promise<void>
}

export interface NodeAgentOptions {
  readonly client: Client
  readonly ports: Ports
  readonly config: KubeletConfig
  readonly machine: Machine
  readonly runtime: Runtime
  readonly recorder: EventRecorder
  /** Why pods cannot be wired up; undefined when they can. */
  readonly networkNotReady: () => string | undefined
}

/** Upstream nodeStatusReportFrequency: how often an unchanged status is written again. */
const reportMs = 300_000
const registerRetryMaxMs = 7_000

export function createNodeAgent(options: NodeAgentOptions): NodeAgent {
  const { client, ports, config, machine, runtime } = options
  const lease = createNodeLease(client, ports.clock, config.nodeName)
  const registered = Promise.withResolvers<void>()
  let node: Node | undefined
  let facts: MachineFacts | undefined
  let version: RuntimeVersion | undefined
  let writtenAtMs = Number.NEGATIVE_INFINITY

  const say = (reason: string, message: string) =>
    options.recorder.record(
      { apiVersion: 'v1', kind: 'Node', name: config.nodeName, uid: config.nodeName },
      { type: 'Normal', reason, message },
    )

  const compute = async (old: Node['status']) => {
    facts ??= await machine.facts()
    const runtimeError = await runtimeProblem()
    const notReady = runtimeError ?? options.networkNotReady()
    const images = runtimeError ? [] : await runtime.images.list()
    const nowMs = ports.clock.nowMs()
    return nodeStatus(
      { config, facts, free: await machine.free(), runtime: version, notReady, images, nowMs },
      old ?? {},
    )
  }

  const runtimeProblem = async (): Promise<string | undefined> => {
    try {
      version = await runtime.containers.version()
      return undefined
    } catch (error) {
      return `[container runtime is down: ${messageOf(error)}]`
    }
  }

  const register = async () => {
    const status = await compute(undefined)
    const present = await orUndefined(client.get(nodes, undefined, config.nodeName))
    if (present) node = await adopt(present)
    else node = await create(status)
  }

  const create = async (status: Node['status']) => {
    try {
      return await client.create(nodes, initialNode({ config, facts: facts! }, status!))
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      return adopt(await client.get(nodes, undefined, config.nodeName))
    }
  }

  /** A node that was here before keeps its spec; its labels are brought up to date. */
  const adopt = async (present: Node): Promise<Node> => {
    const wanted = nodeLabels(config, facts!)
    const stale = Object.entries(wanted).some(([key, value]) => present.metadata.labels?.[key] !== value)
    if (!stale) return present
    return client.patch(nodes, undefined, config.nodeName, {
      type: strategicPatch,
      body: { metadata: { labels: wanted } },
    })
  }

  const updateStatus = async () => {
    const present = node ?? (await client.get(nodes, undefined, config.nodeName))
    const status = await compute(present.status)
    const due = ports.clock.monotonicMs() - writtenAtMs >= reportMs
    if (!due && !differs(present.status ?? {}, { ...present.status, ...status })) return
    const wasReady = readyOf(present)
    const { addresses, ...rest } = status
    const moved = !Bun.deepEquals(addresses, present.status?.addresses)
    const body = {
      status: moved ? { ...rest, addresses: [{ $patch: 'replace' }, ...(addresses ?? [])] } : rest,
    }
    node = await client.patch(nodes, undefined, config.nodeName, {
      type: strategicPatch,
      body,
      subresource: 'status',
    })
    writtenAtMs = ports.clock.monotonicMs()
    const isReady = readyOf(node)
    if (wasReady !== isReady) {
      const reason = isReady === 'True' ? 'NodeReady' : 'NodeNotReady'
      say(reason, `Node ${config.nodeName} status is now: ${reason}`)
    }
  }

  const beat = async () => {
    try {
      await updateStatus()
      await lease.renew(node?.metadata.uid)
    } catch (error) {
      node = undefined
      ports.log.warn('node heartbeat failed', { error: messageOf(error) })
    }
  }

  return {
    current: () => node,
    registered: registered.promise,
    async run(signal) {
      for (let delayMs = 200; !signal.aborted; delayMs = Math.min(delayMs * 2, registerRetryMaxMs)) {
        try {
          await register()
          break
        } catch (error) {
          ports.log.warn('node was not registered', { error: messageOf(error) })
          await sleep(ports.clock, delayMs, signal)
        }
      }
      if (signal.aborted) return
      say('Starting', 'Starting kubelet.')
      registered.resolve()
      while (!signal.aborted) {
        await beat()
        await sleep(ports.clock, leaseRenewMs, signal)
      }
    },
  }
}

function readyOf(node: Node): string | undefined {
  return node.status?.conditions?.find(({ type }) => type === 'Ready')?.status
}

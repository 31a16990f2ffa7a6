import type { Node, NodeStatus } from '../../api/types/core-v1.gen.ts'
import { type Client, strategicPatch } from '../../client/client.ts'
import type { EventRecorder } from '../../client/events.ts'
import { isAlreadyExists, orUndefined } from '../../client/failure.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import { messageOf } from '../../std/message.ts'
import type { Ports } from '../../std/ports.ts'
import { sleep } from '../../std/sleep.ts'
import type { KubeletConfig } from '../config.ts'
import { createNodeStartup, type NodeStartup } from '../metrics/node-startup.ts'
import { nodes } from '../resources.ts'
import type { Runtime, RuntimeVersion } from '../runtime/runtime.ts'
import { createNodeLease, leaseRenewMs, type NodeLease } from './lease.ts'
import type { Machine, MachineFacts } from './machine.ts'
import { differs, initialNode, nodeLabels, nodeStatus } from './status.ts'

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
export const statusReportMs = 300_000
/** Upstream fastStatusUpdateOnce: how often, and for how long, a node that has just started looks whether it is ready. */
const fastStatusMs = 100
const fastStatusForMs = 120_000
const registerRetryMinMs = 200
const registerRetryMaxMs = 7_000

/** Registers the node, then keeps its status and lease up to date. */
export class NodeAgent {
  readonly #options: NodeAgentOptions
  readonly #lease: NodeLease
  readonly #startup: NodeStartup
  readonly #registered = Promise.withResolvers<void>()
  #node: Node | undefined
  #facts: MachineFacts | undefined
  #version: RuntimeVersion | undefined
  #writtenAtMs = Number.NEGATIVE_INFINITY

  constructor(options: NodeAgentOptions) {
    this.#options = options
    this.#startup = createNodeStartup(options.ports)
    this.#lease = createNodeLease(options.client, options.ports.clock, options.config.nodeName)
  }

  /** The node as last seen or written. */
  current(): Node | undefined {
    return this.#node
  }

  /** Resolves once the node is registered. */
  get registered(): Promise<void> {
    return this.#registered.promise
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.ports
    await this.#registerAtLast(signal)
    if (signal.aborted) return
    this.#say('Starting', 'Starting kubelet.')
    this.#registered.resolve()
    await this.#beat()
    await this.#untilReady(signal)
    for (;;) {
      await sleep(clock, leaseRenewMs, signal)
      if (signal.aborted) return
      await this.#beat()
    }
  }

  /** Pods wait for a node that starts: it says that it is ready as soon as it is, not a heartbeat later. */
  async #untilReady(signal: AbortSignal): Promise<void> {
    if (this.#node && readyOf(this.#node) === 'True') return
    const { clock } = this.#options.ports
    const endMs = clock.monotonicMs() + fastStatusForMs
    while (!signal.aborted && clock.monotonicMs() < endMs && (await this.#problem()))
      await sleep(clock, fastStatusMs, signal)
    if (!signal.aborted) await this.#beat()
  }

  async #registerAtLast(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options.ports
    for (
      let delayMs = registerRetryMinMs;
      !signal.aborted;
      delayMs = Math.min(delayMs * 2, registerRetryMaxMs)
    ) {
      try {
        return await this.#register()
      } catch (error) {
        log.warn('node was not registered', { error: messageOf(error) })
        await sleep(clock, delayMs, signal)
      }
    }
  }

  async #register(): Promise<void> {
    const { client, config } = this.#options
    this.#startup.registering()
    const status = await this.#compute(undefined)
    const present = await orUndefined(client.get(nodes, undefined, config.nodeName))
    this.#node = present ? await this.#adopt(present) : await this.#create(status)
  }

  async #create(status: NodeStatus): Promise<Node> {
    const { client, config, machine } = this.#options
    try {
      const made = await client.create(nodes, initialNode({ config, facts: this.#facts! }, status))
      this.#startup.registered((await machine.usage())?.bootedAtMs)
      return made
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      return this.#adopt(await client.get(nodes, undefined, config.nodeName))
    }
  }

  /** A node that was here before keeps its spec; its labels are brought up to date. */
  async #adopt(present: Node): Promise<Node> {
    const { client, config } = this.#options
    const wanted = nodeLabels(config, this.#facts!)
    const stale = Object.entries(wanted).some(([key, value]) => present.metadata.labels?.[key] !== value)
    if (!stale) return present
    const body = { metadata: { labels: wanted } }
    return client.patch(nodes, undefined, config.nodeName, { type: strategicPatch, body })
  }

  async #compute(old: NodeStatus | undefined): Promise<NodeStatus> {
    const { machine, runtime, config, ports, networkNotReady } = this.#options
    this.#facts ??= await machine.facts()
    const runtimeError = await this.#runtimeProblem()
    const input = {
      ...{ config, facts: this.#facts, free: await machine.free(), runtime: this.#version },
      notReady: runtimeError ?? networkNotReady(),
      images: runtimeError ? [] : await runtime.images.list(),
      nowMs: ports.clock.nowMs(),
    }
    return nodeStatus(input, old ?? {})
  }

  /** What keeps the node from being ready; the runtime is asked last, as that costs a call. */
  async #problem(): Promise<string | undefined> {
    return this.#options.networkNotReady() ?? (await this.#runtimeProblem())
  }

  async #runtimeProblem(): Promise<string | undefined> {
    try {
      this.#version = await this.#options.runtime.containers.version()
      return undefined
    } catch (error) {
      return `[container runtime is down: ${messageOf(error)}]`
    }
  }

  /** The lease is renewed even where the status could not be written: the node lives (upstream has a loop for each). */
  async #beat(): Promise<void> {
    for (const write of [() => this.#updateStatus(), () => this.#lease.renew(this.#node?.metadata.uid)])
      try {
        await write()
      } catch (error) {
        this.#options.ports.log.warn('node heartbeat failed', { error: messageOf(error) })
      }
  }

  /** Looks at the node anew each time: whoever took it for dead may have written over its status meanwhile. */
  async #updateStatus(): Promise<void> {
    const { client, config, ports } = this.#options
    const present = await client.get(nodes, undefined, config.nodeName)
    const status = await this.#compute(present.status)
    this.#node = present
    const due = ports.clock.monotonicMs() - this.#writtenAtMs >= statusReportMs
    if (!due && !differs(present.status ?? {}, { ...present.status, ...status })) return
    const { addresses, ...rest } = status
    const moved = !Bun.deepEquals(addresses, present.status?.addresses)
    const body = {
      status: moved ? { ...rest, addresses: [{ $patch: 'replace' }, ...(addresses ?? [])] } : rest,
    }
    const patch = { type: strategicPatch, body, subresource: 'status' }
    const written = await client.patch(nodes, undefined, config.nodeName, patch)
    this.#node = written
    if (readyOf(written) === 'True') this.#startup.ready()
    this.#writtenAtMs = ports.clock.monotonicMs()
    if (readyOf(present) === readyOf(written)) return
    const reason = readyOf(written) === 'True' ? 'NodeReady' : 'NodeNotReady'
    this.#say(reason, `Node ${config.nodeName} status is now: ${reason}`)
  }

  #say(reason: string, message: string): void {
    const { nodeName } = this.#options.config
    const about = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName }
    this.#options.recorder.record(about, { type: 'Normal', reason, message })
  }
}

function readyOf(node: Node): string | undefined {
  return findCondition(node.status?.conditions, 'Ready')?.status
}

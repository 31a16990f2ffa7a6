import { mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import type { Ports } from '../../../std/ports.ts'
import { sleep } from '../../../std/sleep.ts'
import { createEngineStreamMeter, type EngineStreamMeter } from '../../metrics/engine-stream.ts'
import { usageOf } from '../../stats/cgroup.ts'
import {
  type ContainerResources,
  type ContainerUsage,
  type Runtime,
  type RuntimeService,
  StartRefused,
} from '../runtime.ts'
import { containerSpec, type EngineLimits, resourceLimits, sandboxSpec } from './create-spec.ts'
import { already, type Engine, EngineError, openEngine, toEngineError } from './engine.ts'
import { podmanImages } from './images.ts'
import { labels } from './labels.ts'
import { isUnstarted, type ListedContainer, observe, type StartFailure } from './observe.ts'
import { endOrphans } from './orphans.ts'
import { attachSession, execSession } from './session.ts'
import { stopContainer } from './stop.ts'
import { type EngineListener, watchEngine } from './watch.ts'

export interface PodmanOptions {
  readonly socketPath: string
  readonly nodeName: string
  readonly oomScoreAdjMin: number
  readonly ports: Ports
}

export interface PodmanRuntime extends Runtime {
  /**
   * Resolves once nothing is being made or started any more, and refuses what comes later. A service that ends in the midst
   * of a start leaves a container that runs without the engine's knowledge.
   */
  settle(): Promise<void>
}

/** Podman (4.3 and later) behind the runtime port. */
export async function openPodman(options: PodmanOptions): Promise<PodmanRuntime> {
  const engine = await openEngine(options.socketPath)
  const images = podmanImages(engine, options.ports.clock)
  const containers = new PodmanContainers(engine, options, images.changed)
  return { containers, images, settle: () => containers.settle() }
}

class PodmanContainers implements RuntimeService {
  readonly #engine: Engine
  readonly #limits: EngineLimits
  readonly #ports: Ports
  readonly #meter: EngineStreamMeter
  readonly #known = {
    oomKilled: new Set<string>(),
    exitCodes: new Map<string, number>(),
    startFailures: new Map<string, StartFailure>(),
  }
  readonly #examined = new Set<string>()
  readonly #unstarted = new Set<string>()
  readonly #imagesChanged: () => void
  #version: string | undefined
  readonly #changes = new Set<Promise<unknown>>()
  #settled = false

  constructor(engine: Engine, options: PodmanOptions, imagesChanged: () => void) {
    this.#imagesChanged = imagesChanged
    this.#engine = engine
    this.#limits = options
    this.#ports = options.ports
    this.#meter = createEngineStreamMeter(options.ports)
  }

  /** Asked only once: the engine looks its parts up in the package database for every answer. Then it is pinged. */
  async version() {
    if (this.#version === undefined) {
      const { Version } = await this.#engine.call<{ Version: string }>({ method: 'GET', path: '/version' })
      this.#version = Version
    } else await this.#engine.call({ method: 'GET', path: '/_ping' })
    return { name: 'podman', version: this.#version }
  }

  async list(podUid?: string) {
    const listed = await this.#listed(podUid)
    for (const entry of listed) {
      if (isUnstarted(entry)) this.#unstarted.add(entry.Id)
      await this.#examineEnd(entry)
    }
    return observe(listed, this.#known)
  }

  #listed(podUid?: string): Promise<ListedContainer[]> {
    const wanted = [
      `${labels.node}=${this.#limits.nodeName}`,
      ...(podUid ? [`${labels.podUid}=${podUid}`] : []),
    ]
    const filters = encodeURIComponent(JSON.stringify({ label: wanted }))
    return this.#engine.call({ method: 'GET', path: `/containers/json?all=true&filters=${filters}` })
  }

  /** Only an inspection tells a container that ran out of memory from one that was killed; it is asked once. */
  async #examineEnd({ Id, State, ExitCode }: ListedContainer): Promise<void> {
    if (State !== 'exited' || ExitCode !== 137 || this.#examined.has(Id)) return
    const found = await already(this.#engine.container(Id).inspect(), 404)
    this.#examined.add(Id)
    if (found?.State.OOMKilled) this.#known.oomKilled.add(Id)
  }

  async createSandbox(spec: Parameters<RuntimeService['createSandbox']>[0]) {
    const id = await this.#create(sandboxSpec(spec, this.#limits))
    try {
      await this.start(id)
    } catch (error) {
      await this.remove(id)
      throw error
    }
    return id
  }

  async createContainer(spec: Parameters<RuntimeService['createContainer']>[0]) {
    const { sandboxes } = observe(await this.#listed(spec.pod.uid), this.#known)
    const sandbox = sandboxes.find(({ id }) => id === spec.sandboxId)
    if (!sandbox?.pid) throw new Error(`sandbox ${spec.sandboxId} is not ready`)
    await mkdir(path.dirname(spec.logPath), { recursive: true })
    return this.#create(containerSpec(spec, sandbox.pid, this.#limits))
  }

  async settle() {
    this.#settled = true
    await Promise.allSettled(this.#changes)
  }

  async #change<T>(begin: () => Promise<T>): Promise<T> {
    if (this.#settled) throw new Error('the kubelet is stopping')
    const change = begin()
    this.#changes.add(change)
    try {
      return await change
    } finally {
      this.#changes.delete(change)
    }
  }

  /** A name that is taken belongs to an earlier try of ours that was cut off. */
  async #create(body: Record<string, unknown>): Promise<string> {
    const create = () =>
      this.#engine.call<{ Id: string }>({ method: 'POST', path: '/containers/create', body })
    try {
      return (await this.#change(create)).Id
    } catch (error) {
      if (!/name .* is (already )?in use/.test(toEngineError(error).message)) throw error
      await this.remove(String(body.name))
      return (await this.#change(create)).Id
    }
  }

  async start(id: string) {
    try {
      await this.#change(() => already(this.#engine.container(id).start(), 304))
      this.#unstarted.delete(id)
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 500) throw error
      const { message } = error
      this.#known.startFailures.set(id, { message, atMs: this.#ports.clock.nowMs() })
      throw new StartRefused(message)
    }
  }

  async updateResources(id: string, resources: ContainerResources) {
    const body = resourceLimits(resources)
    await this.#engine.call({ method: 'POST', path: `/containers/${id}/update`, body })
  }

  async stop(id: string, graceSeconds: number) {
    const { clock, log } = this.#ports
    await stopContainer(this.#engine, id, { graceSeconds, clock, log })
  }

  async remove(id: string) {
    if (this.#unstarted.delete(id)) endOrphans(id)
    await already(
      this.#engine.call({ method: 'DELETE', path: `/containers/${id}?force=true&v=true&timeout=0` }),
      404,
    )
    this.#known.oomKilled.delete(id)
    this.#known.exitCodes.delete(id)
    this.#known.startFailures.delete(id)
    this.#examined.delete(id)
  }

  exec(id: string, options: Parameters<RuntimeService['exec']>[1]) {
    return execSession(this.#engine, id, options, this.#ports.clock)
  }

  attach(id: string, options: Parameters<RuntimeService['attach']>[1]) {
    return attachSession(this.#engine, id, options, exitCode => this.#known.exitCodes.set(id, exitCode))
  }

  /** conmon listens on a pipe beside the container's files; message 2 makes it open its log again. */
  async reopenLog(id: string) {
    const { StaticDir } = await this.#engine.call<{ StaticDir: string }>({
      method: 'GET',
      path: `/containers/${id}/json`,
    })
    const pipe = await open(path.join(StaticDir, 'ctl'), 'w')
    try {
      await pipe.write('2 0 0\n')
    } finally {
      await pipe.close()
    }
  }

  async stats() {
    const listed = await this.#listed()
    const { containers } = observe(listed, this.#known)
    const usage: ContainerUsage[] = []
    for (const {
      id,
      name,
      pod,
      image,
      state,
      createdAtMs,
      startedAtMs = createdAtMs,
      logPath,
    } of containers) {
      const pid = listed.find(entry => entry.Id === id)?.Pid
      const used = state === 'running' && pid ? await usageOf(pid) : undefined
      const atMs = this.#ports.clock.nowMs()
      if (pid && used) usage.push({ id, name, pod, image, atMs, startedAtMs, pid, logPath, ...used })
    }
    return usage
  }

  async watch(changed: (podUid: string) => void, signal: AbortSignal) {
    const imagesChanged = this.#imagesChanged
    const meter = this.#meter
    const listener: EngineListener = {
      listening() {
        meter.opened()
        imagesChanged()
      },
      podChanged(podUid, atMs) {
        if (atMs !== undefined) meter.event(atMs)
        changed(podUid)
      },
      imagesChanged,
    }
    while (!signal.aborted) {
      try {
        await watchEngine(this.#engine, this.#limits.nodeName, listener, signal)
      } catch (error) {
        if (!(error instanceof EngineError)) throw error
        meter.failed()
        this.#ports.log.warn('the container engine does not tell what happens', { error: error.message })
      }
      imagesChanged()
      await sleep(this.#ports.clock, watchRetryMs, signal)
      if (signal.aborted) return
      // What happened while nobody listened.
      const listed = await meter.relist(() => this.#listedOrNone())
      for (const pod of new Set(listed.map(entry => entry.Labels?.[labels.podUid]))) if (pod) changed(pod)
    }
  }

  async #listedOrNone(): Promise<ListedContainer[]> {
    try {
      return await this.#listed()
    } catch (error) {
      if (error instanceof EngineError) return []
      throw error
    }
  }
}

const watchRetryMs = 1_000

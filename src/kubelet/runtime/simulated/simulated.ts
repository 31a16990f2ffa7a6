import type { Ports } from '../../../std/ports.ts'
import { sleep } from '../../../std/sleep.ts'
import {
  type ContainerSpec,
  type Image,
  type ImageService,
  type Observed,
  type ObservedContainer,
  type ObservedSandbox,
  type PodIdentity,
  type Runtime,
  type RuntimeService,
  type SandboxSpec,
  StartRefused,
} from '../runtime.ts'

export interface SimulatedOptions {
  readonly ports: Pick<Ports, 'clock' | 'random'>
  /** Between asking for a start and running. Default 0. */
  readonly startDelayMs?: number
  /** When and how a container ends by itself; undefined: it runs until it is stopped. */
  readonly exits?: (
    container: ContainerSpec,
  ) => { readonly afterMs: number; readonly exitCode: number } | undefined
  /** Why a container cannot be started; undefined: it can. */
  readonly refuses?: (container: ContainerSpec) => string | undefined
  /** Answers SIGTERM after this. Default 0. */
  readonly stopDelayMs?: number
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface SimulatedPod {
  readonly sandboxes: Map<string, Mutable<ObservedSandbox>>
  readonly containers: Map<string, { seen: Mutable<ObservedContainer>; spec: ContainerSpec }>
}

/** A runtime that runs nothing, in the time of its ports. Streams and logs it has none: they are refused by name. */
export interface SimulatedRuntime extends Runtime {
  /** Makes a running container end, as if its process had. */
  exit(containerId: string, exitCode: number): void
  /** Makes a sandbox and all in it end, as a crash of the machine would. */
  loseSandbox(sandboxId: string): void
}

export class UnsupportedError extends Error {
  override name = 'UnsupportedError'
}

export function createSimulatedRuntime(options: SimulatedOptions): SimulatedRuntime {
  const containers = new SimulatedContainers(options)
  return {
    containers,
    images: simulatedImages(),
    exit: (id, exitCode) => containers.exit(id, exitCode),
    loseSandbox: id => containers.loseSandbox(id),
  }
}

class SimulatedContainers implements RuntimeService {
  readonly #options: SimulatedOptions
  readonly #pods = new Map<string, SimulatedPod>()
  readonly #watchers = new Set<(podUid: string) => void>()

  constructor(options: SimulatedOptions) {
    this.#options = options
  }

  async version() {
    return { name: 'simulated', version: '1' }
  }

  async list(podUid?: string): Promise<Observed> {
    const one = podUid === undefined ? undefined : this.#pods.get(podUid)
    const chosen = podUid === undefined ? [...this.#pods.values()] : one ? [one] : []
    return {
      sandboxes: chosen.flatMap(pod => [...pod.sandboxes.values()].map(copy)),
      containers: chosen.flatMap(pod => [...pod.containers.values()].map(({ seen }) => copy(seen))),
    }
  }

  async createSandbox({ pod, attempt }: SandboxSpec) {
    const id = this.#newId()
    const createdAtMs = this.#options.ports.clock.nowMs()
    this.#podOf(pod.uid).sandboxes.set(id, { id, pod, attempt, ready: true, createdAtMs, pid: undefined })
    return id
  }

  async createContainer(spec: ContainerSpec) {
    const { pod, name, sandboxId, attempt, image, imageId } = spec
    if (!this.#podOf(pod.uid).sandboxes.get(sandboxId)?.ready)
      throw new Error(`sandbox ${sandboxId} is not ready`)
    const createdAtMs = this.#options.ports.clock.nowMs()
    const seen: Mutable<ObservedContainer> = {
      ...{ id: this.#newId(), pod, name, sandboxId, attempt, image, imageId },
      ...{ state: 'created', createdAtMs, startedAtMs: undefined, finishedAtMs: undefined },
      ...{ exitCode: undefined, oomKilled: false, terminationMessagePath: undefined, logPath: undefined },
    }
    this.#podOf(pod.uid).containers.set(seen.id, { seen, spec })
    return seen.id
  }

  async start(id: string) {
    const container = this.#find(id)?.container
    if (!container) throw new Error(`no such container: ${id}`)
    const { clock } = this.#options.ports
    await this.#sleep(this.#options.startDelayMs)
    const startError = this.#options.refuses?.(container.spec)
    if (startError) {
      Object.assign(container.seen, {
        state: 'exited',
        exitCode: 128,
        finishedAtMs: clock.nowMs(),
        startError,
      })
      throw new StartRefused(startError)
    }
    container.seen.state = 'running'
    container.seen.startedAtMs = clock.nowMs()
    this.#changed(container.seen.pod.uid)
    const end = this.#options.exits?.(container.spec)
    if (end) clock.setTimer(end.afterMs, () => this.exit(id, end.exitCode))
  }

  async updateResources(id: string) {
    if (this.#find(id)?.container?.seen.state !== 'running') throw new Error(`container ${id} is not running`)
  }

  async stop(id: string) {
    const found = this.#find(id)
    if (found?.sandbox) found.sandbox.ready = false
    if (found?.container?.seen.state !== 'running') return
    await this.#sleep(this.#options.stopDelayMs)
    this.exit(id, 143)
  }

  async remove(id: string) {
    const found = this.#find(id)
    this.exit(id, 137)
    found?.pod.containers.delete(id)
    found?.pod.sandboxes.delete(id)
    const uid = (found?.container?.seen ?? found?.sandbox)?.pod.uid
    if (found && uid && found.pod.containers.size + found.pod.sandboxes.size === 0) this.#pods.delete(uid)
  }

  exec(): Promise<never> {
    return Promise.reject(new UnsupportedError('exec is not supported by simulated nodes'))
  }

  attach(): Promise<never> {
    return Promise.reject(new UnsupportedError('attach is not supported by simulated nodes'))
  }

  reopenLog(): Promise<never> {
    return Promise.reject(new UnsupportedError('logs are not supported by simulated nodes'))
  }

  async stats() {
    return []
  }

  watch(watcher: (podUid: string) => void, signal: AbortSignal): Promise<void> {
    this.#watchers.add(watcher)
    return new Promise(resolve => {
      const stop = () => {
        this.#watchers.delete(watcher)
        resolve()
      }
      if (signal.aborted) stop()
      signal.addEventListener('abort', stop, { once: true })
    })
  }

  exit(id: string, exitCode: number): void {
    const seen = this.#find(id)?.container?.seen
    if (seen?.state !== 'running') return
    seen.state = 'exited'
    seen.exitCode = exitCode
    seen.finishedAtMs = this.#options.ports.clock.nowMs()
    this.#changed(seen.pod.uid)
  }

  loseSandbox(sandboxId: string): void {
    const found = this.#find(sandboxId)
    if (!found?.sandbox) return
    found.sandbox.ready = false
    for (const { seen } of found.pod.containers.values())
      if (seen.sandboxId === sandboxId) this.exit(seen.id, 137)
    this.#changed(found.sandbox.pod.uid)
  }

  #podOf(uid: string): SimulatedPod {
    const known = this.#pods.get(uid)
    if (known) return known
    const made: SimulatedPod = { sandboxes: new Map(), containers: new Map() }
    this.#pods.set(uid, made)
    return made
  }

  #find(id: string) {
    for (const pod of this.#pods.values()) {
      const container = pod.containers.get(id)
      const sandbox = pod.sandboxes.get(id)
      if (container || sandbox) return { container, sandbox, pod }
    }
    return undefined
  }

  #changed(uid: string): void {
    for (const watcher of this.#watchers) watcher(uid)
  }

  #newId(): string {
    return Buffer.from(this.#options.ports.random.bytes(32)).toString('hex')
  }

  #sleep(ms: number | undefined): Promise<void> {
    return ms ? sleep(this.#options.ports.clock, ms) : Promise.resolve()
  }
}

/** Every image is there: a simulated node has nothing to fetch it with, and nothing to run it. */
function simulatedImages(): ImageService {
  const known = new Map<string, Image>()
  const get = (reference: string): Image => {
    const image = known.get(reference) ?? imageNamed(reference)
    known.set(reference, image)
    return image
  }
  return {
    list: async () => [...known.values()],
    find: async reference => get(reference),
    pull: async reference => get(reference),
    importTar: async reference => get(reference),
    remove: async id => {
      for (const [reference, image] of known) if (image.id === id) known.delete(reference)
    },
  }
}

function imageNamed(reference: string): Image {
  const id = `sha256:${new Bun.CryptoHasher('sha256').update(reference).digest('hex')}`
  return { id, tags: [reference], digests: [], sizeBytes: 0, user: '' }
}

function copy<T extends { readonly pod: PodIdentity }>(seen: T): T {
  return { ...seen }
}

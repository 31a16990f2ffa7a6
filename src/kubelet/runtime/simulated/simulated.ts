import type { Ports } from '../../../std/ports.ts'
import type {
  ContainerSpec,
  Image,
  ImageService,
  Observed,
  ObservedContainer,
  ObservedSandbox,
  PodIdentity,
  Runtime,
  RuntimeService,
} from '../runtime.ts'

export interface SimulatedOptions {
  readonly ports: Pick<Ports, 'clock' | 'random'>
  /** Between asking for a start and running. Default 0. */
  readonly startDelayMs?: number
  /** When and how a container ends by itself; undefined: it runs until it is stopped. */
  readonly exits?: (
    container: ContainerSpec,
  ) => { readonly afterMs: number; readonly exitCode: number } | undefined
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
  const { clock, random } = options.ports
  const pods = new Map<string, SimulatedPod>()
  const watchers = new Set<(podUid: string) => void>()

  const podOf = (uid: string) => {
    const known = pods.get(uid)
    if (known) return known
    const made: SimulatedPod = { sandboxes: new Map(), containers: new Map() }
    pods.set(uid, made)
    return made
  }
  const changed = (uid: string) => {
    for (const watcher of watchers) watcher(uid)
  }
  const find = (id: string) => {
    for (const pod of pods.values()) {
      const container = pod.containers.get(id)
      const sandbox = pod.sandboxes.get(id)
      if (container || sandbox) return { container, sandbox, pod }
    }
    return undefined
  }
  const newId = () => Buffer.from(random.bytes(32)).toString('hex')

  const exit = (id: string, exitCode: number) => {
    const seen = find(id)?.container?.seen
    if (seen?.state !== 'running') return
    seen.state = 'exited'
    seen.exitCode = exitCode
    seen.finishedAtMs = clock.nowMs()
    changed(seen.pod.uid)
  }

  const run = ({ seen, spec }: { seen: Mutable<ObservedContainer>; spec: ContainerSpec }) => {
    seen.state = 'running'
    seen.startedAtMs = clock.nowMs()
    changed(seen.pod.uid)
    const end = options.exits?.(spec)
    if (end) clock.setTimer(end.afterMs, () => exit(seen.id, end.exitCode))
  }

  const sleep = (ms: number | undefined) =>
    ms ? new Promise<void>(resolve => void clock.setTimer(ms, resolve)) : Promise.resolve()

  const containers: RuntimeService = {
    version: async () => ({ name: 'simulated', version: '1' }),
    async list(podUid) {
      const chosen =
        podUid === undefined ? [...pods.values()] : [pods.get(podUid)].filter(pod => pod !== undefined)
      const observed: Observed = {
        sandboxes: chosen.flatMap(pod => [...pod.sandboxes.values()].map(copy)),
        containers: chosen.flatMap(pod => [...pod.containers.values()].map(({ seen }) => copy(seen))),
      }
      return observed
    },
    async createSandbox({ pod, attempt }) {
      const id = newId()
      podOf(pod.uid).sandboxes.set(id, {
        id,
        pod,
        attempt,
        ready: true,
        createdAtMs: clock.nowMs(),
        pid: undefined,
      })
      return id
    },
    async createContainer(spec) {
      const { pod, name, sandboxId, attempt, image, imageId } = spec
      if (!podOf(pod.uid).sandboxes.get(sandboxId)?.ready)
        throw new Error(`sandbox ${sandboxId} is not ready`)
      const seen: Mutable<ObservedContainer> = {
        ...{ id: newId(), pod, name, sandboxId, attempt, image, imageId },
        ...{ state: 'created', createdAtMs: clock.nowMs(), startedAtMs: undefined, finishedAtMs: undefined },
        ...{ exitCode: undefined, oomKilled: false, terminationMessagePath: undefined, logPath: undefined },
      }
      podOf(pod.uid).containers.set(seen.id, { seen, spec })
      return seen.id
    },
    async start(id) {
      const container = find(id)?.container
      if (!container) throw new Error(`no such container: ${id}`)
      await sleep(options.startDelayMs)
      run(container)
    },
    async stop(id) {
      const found = find(id)
      if (found?.sandbox) found.sandbox.ready = false
      if (found?.container?.seen.state !== 'running') return
      await sleep(options.stopDelayMs)
      exit(id, 143)
    },
    async remove(id) {
      const found = find(id)
      exit(id, 137)
      found?.pod.containers.delete(id)
      found?.pod.sandboxes.delete(id)
      const uid = (found?.container?.seen ?? found?.sandbox)?.pod.uid
      if (found && uid && found.pod.containers.size + found.pod.sandboxes.size === 0) pods.delete(uid)
    },
    exec: () => Promise.reject(new UnsupportedError('exec is not supported by simulated nodes')),
    attach: () => Promise.reject(new UnsupportedError('attach is not supported by simulated nodes')),
    reopenLog: () => Promise.reject(new UnsupportedError('logs are not supported by simulated nodes')),
    stats: async () => [],
    watch(watcher, signal) {
      watchers.add(watcher)
      return new Promise<void>(resolve => {
        const stop = () => {
          watchers.delete(watcher)
          resolve()
        }
        if (signal.aborted) stop()
        signal.addEventListener('abort', stop, { once: true })
      })
    },
  }
  return {
    containers,
    images: simulatedImages(),
    exit,
    loseSandbox(sandboxId) {
      const found = find(sandboxId)
      if (!found?.sandbox) return
      found.sandbox.ready = false
      for (const { seen } of found.pod.containers.values())
        if (seen.sandboxId === sandboxId) exit(seen.id, 137)
      changed(found.sandbox.pod.uid)
    },
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

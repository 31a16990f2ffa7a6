import { readLog } from '../logs/reader.ts'
import { containersNamed, rolesOf } from '../pod/view.ts'
import type { ObservedContainer } from '../runtime/runtime.ts'
import { createSnapshots, type Snapshot } from '../stats/snapshot.ts'
import { type ApiAnswer, ApiError, textAnswer } from './answer.ts'
import { logOptions, noLogReason } from './logs.ts'
import { reads } from './reads.ts'
import { type PodTarget, podTarget } from './request.ts'
import type { ApiOptions, ApiSources } from './sources.ts'
import { systemLog } from './system-logs.ts'

/** What upstream has behind a switch that is off here, and its words. */
const switchedOff: Readonly<Record<string, string>> = {
  '/debug/pprof': 'profiling endpoint is disabled.',
  '/debug/flags': 'flags endpoint is disabled.',
}

/** The kubelet's API without its transport (upstream pkg/kubelet/server). */
export class KubeletApi implements ApiSources {
  readonly options: ApiOptions
  readonly snapshot: () => Promise<Snapshot>
  readonly #attached = new WeakMap<object, Set<string>>()

  constructor(options: ApiOptions) {
    this.options = options
    const { runtime, machine, ports } = options
    this.snapshot = createSnapshots({ runtime, machine, clock: ports.clock })
  }

  async answer(path: string, query: URLSearchParams, { method, signal }: Asked): Promise<ApiAnswer> {
    const isRead = method === 'GET' || method === 'HEAD'
    if (path.startsWith('/containerLogs/') && isRead) return this.#logs(path, query, signal)
    if (path.startsWith('/run/') && method === 'POST') return this.#run(path, query)
    if (path.startsWith('/checkpoint/') && method === 'POST') return this.#refuseCheckpoint(path)
    if ((path === '/logs' || path.startsWith('/logs/')) && isRead) return systemLog(path)
    for (const [start, why] of Object.entries(switchedOff))
      if (path.startsWith(`${start}/`)) throw new ApiError(405, `${why}\n`)
    const read = reads[path.length > 1 ? path.replace(/\/$/, '') : path]
    if (!read) throw new ApiError(404, '404: Page Not Found')
    if (!isRead) throw new ApiError(405, '405: Method Not Allowed')
    return read(this, query)
  }

  async #logs(path: string, query: URLSearchParams, signal: AbortSignal): Promise<ApiAnswer> {
    const target = podTarget(path, true)
    if (!target) throw new ApiError(400, '{"message": "Missing podID or container."}')
    const options = parseLogOptions(query, this.options.ports.clock.nowMs())
    const [newest, before] = await this.#found(target)
    const chosen = options.previous ? before : newest
    if (!chosen) throw new ApiError(400, noLogReason(this.pod(target).pod, target.container ?? '', options))
    const live = async () => {
      const { containers } = await this.options.runtime.containers.list(chosen.pod.uid)
      return containers.some(entry => entry.id === chosen.id && entry.state === 'running')
    }
    return {
      code: 200,
      type: 'text/plain',
      body: readLog({ file: chosen.logPath ?? '', live, signal }, options),
    }
  }

  /** A command without streams: both outputs are the answer; a failing one is a 500 with its code. */
  async #run(path: string, query: URLSearchParams): Promise<ApiAnswer> {
    const target = podTarget(path, true)
    if (!target) throw new ApiError(404, '404: Page Not Found')
    const { id } = await this.running(target)
    const command = (query.get('cmd') ?? '').split(' ')
    const session = await this.options.runtime.containers.exec(id, {
      ...{ command, stdin: false, stdout: true, stderr: true, tty: false },
    })
    const decoder = new TextDecoder()
    let output = ''
    for await (const { data } of session.output) output += decoder.decode(data, { stream: true })
    const code = await session.exitCode()
    if (code !== 0) throw new ApiError(500, `command '${command.join(' ')}' exited with ${code}: ${output}`)
    return textAnswer(output)
  }

  #refuseCheckpoint(path: string): never {
    const [, , namespace, name, container] = path.split('/')
    const target = `${namespace}/${name}/${container}`
    throw new ApiError(404, `checkpointing of ${target} failed (the container engine is not asked for it)`)
  }

  pod({ namespace, pod, uid }: PodTarget) {
    const worker = this.options
      .workers()
      .list()
      .find(
        ({ pod: { metadata } }) =>
          metadata.namespace === namespace && metadata.name === pod && (!uid || metadata.uid === uid),
      )
    if (!worker) throw new ApiError(404, 'pod does not exist')
    return worker
  }

  async #found(target: PodTarget): Promise<ObservedContainer[]> {
    const { pod } = this.pod(target)
    const { spec } = pod
    const all = [
      ...(spec?.initContainers ?? []),
      ...(spec?.containers ?? []),
      ...(spec?.ephemeralContainers ?? []),
    ]
    if (!all.some(({ name }) => name === target.container))
      throw new ApiError(404, `container "${target.container}" not found in pod "${target.pod}"`)
    return containersNamed(
      await this.options.runtime.containers.list(pod.metadata.uid),
      target.container ?? '',
    )
  }

  /** Whether nobody has attached yet to a container whose input is for one client alone (`stdinOnce`). */
  attachesFirst(target: PodTarget, containerId: string): boolean {
    const worker = this.pod(target)
    const role = [...rolesOf(worker.pod)].find(({ container }) => container.name === target.container)
    const before = this.#attached.get(worker) ?? new Set()
    const isFirst = role?.container.stdinOnce === true && !before.has(containerId)
    this.#attached.set(worker, before.add(containerId))
    return isFirst
  }

  /** The newest run of a container that the engine knows of. */
  async newest(target: PodTarget): Promise<ObservedContainer | undefined> {
    const { metadata } = this.pod(target).pod
    const observed = await this.options.runtime.containers.list(metadata.uid)
    return containersNamed(observed, target.container ?? '')[0]
  }

  /** The container to exec in or to attach to; 500 with `absent` where it does not run. */
  async running(
    target: PodTarget,
    absent = `container not found ("${target.container}")`,
  ): Promise<ObservedContainer> {
    const newest = await this.newest(target)
    if (newest?.state === 'running') return newest
    throw new ApiError(500, absent)
  }
}

/** How a request came. */
export interface Asked {
  readonly method: string
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
}

function parseLogOptions(query: URLSearchParams, nowMs: number) {
  try {
    return logOptions(query, nowMs)
  } catch (error) {
    throw error instanceof RangeError ? new ApiError(422, error.message) : error
  }
}

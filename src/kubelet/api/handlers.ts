import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { Ports } from '../../std/ports.ts'
import type { KubeletConfig } from '../config.ts'
import { readLog } from '../logs/reader.ts'
import type { Machine } from '../node/machine.ts'
import { containersNamed } from '../pod/view.ts'
import type { PodWorkers } from '../pod/workers.ts'
import type { ObservedContainer, Runtime } from '../runtime/runtime.ts'
import { logOptions } from './logs.ts'
import { type PodTarget, podTarget } from './request.ts'
import { resourceMetrics, statsSummary } from './summary.ts'

export interface ApiOptions {
  readonly ports: Ports
  readonly config: KubeletConfig
  readonly runtime: Runtime
  readonly machine: Machine
  readonly workers: () => PodWorkers
}

/** An answer that is not a stream of its own. */
export interface ApiAnswer {
  readonly code: number
  readonly type: string
  readonly body: string | AsyncIterable<string>
}

/** A request that cannot be served. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** The kubelet's API without its transport (upstream pkg/kubelet/server). */
export class KubeletApi {
  readonly options: ApiOptions
  constructor(options: ApiOptions) {
    this.options = options
  }

  async answer(path: string, query: URLSearchParams, signal: AbortSignal): Promise<ApiAnswer> {
    const { runtime, machine, ports, config } = this.options
    if (path.startsWith('/containerLogs/')) return this.#logs(path, query, signal)
    switch (path) {
      case '/healthz':
        return text('ok')
      case '/pods':
      case '/pods/':
        return json({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: this.#pods() })
      case '/stats/summary':
        return json(
          statsSummary({
            ...{ nodeName: config.nodeName, facts: await machine.facts(), free: await machine.free() },
            ...{ usage: await runtime.containers.stats(), nowMs: ports.clock.nowMs() },
          }),
        )
      case '/metrics/resource':
        return text(resourceMetrics(await runtime.containers.stats()))
      case '/metrics':
        return text(this.#metrics())
      default:
        throw new ApiError(404, `the kubelet does not serve ${path}`)
    }
  }

  #pods(): Pod[] {
    return this.options
      .workers()
      .list()
      .map(({ pod }) => pod)
  }

  #metrics(): string {
    const workers = this.options.workers().list()
    const running = workers.filter(worker => !worker.ended).length
    return `# HELP kubelet_running_pods [ALPHA] Number of pods that have a running pod sandbox\n# TYPE kubelet_running_pods gauge\nkubelet_running_pods ${running}\n# HELP kubelet_desired_pods [ALPHA] The number of pods the kubelet is being instructed to run.\n# TYPE kubelet_desired_pods gauge\nkubelet_desired_pods ${workers.length}\n`
  }

  async #logs(path: string, query: URLSearchParams, signal: AbortSignal): Promise<ApiAnswer> {
    const target = podTarget(path, true)
    if (!target) throw new ApiError(400, '{"message": "Missing podID or container."}')
    const options = parseLogOptions(query, this.options.ports.clock.nowMs())
    const [newest, before] = await this.#found(target)
    const chosen = options.previous ? before : newest
    const id = `container "${target.container}" in pod "${target.pod}"`
    if (!chosen)
      throw new ApiError(
        400,
        options.previous
          ? `previous terminated ${id} not found`
          : `${id} is waiting to start: ContainerCreating`,
      )
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

  pod({ namespace, pod, uid }: PodTarget) {
    const worker = this.options
      .workers()
      .list()
      .find(
        ({ pod: { metadata } }) =>
          metadata.namespace === namespace && metadata.name === pod && (!uid || metadata.uid === uid),
      )
    if (!worker) throw new ApiError(404, `pod "${pod}" not found`)
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
      throw new ApiError(404, `container ${target.container} is not valid for pod ${target.pod}`)
    return containersNamed(
      await this.options.runtime.containers.list(pod.metadata.uid),
      target.container ?? '',
    )
  }

  /** The container to exec in or to attach to. */
  async running(target: PodTarget): Promise<ObservedContainer> {
    const [newest] = await this.#found(target)
    if (newest?.state === 'running') return newest
    throw new ApiError(500, `unable to upgrade connection: container not found ("${target.container}")`)
  }
}

function parseLogOptions(query: URLSearchParams, nowMs: number) {
  try {
    return logOptions(query, nowMs)
  } catch (error) {
    throw error instanceof RangeError ? new ApiError(422, error.message) : error
  }
}

function text(body: string): ApiAnswer {
  return { code: 200, type: 'text/plain; charset=utf-8', body }
}

function json(object: object): ApiAnswer {
  return { code: 200, type: 'application/json', body: JSON.stringify(object) }
}

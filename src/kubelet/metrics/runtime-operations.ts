import { type Counter, exponentialBuckets, type Histogram, type Metrics } from '../../std/metrics.ts'
import type { Clock } from '../../std/ports.ts'
import type { ImageService, Runtime, RuntimeService } from '../runtime/runtime.ts'
import { kubeletHistogram, kubeletSpec } from './spec.ts'

const labels = ['operation_type']
const total = kubeletSpec(
  'runtime_operations_total',
  'Cumulative number of runtime operations by operation type.',
  labels,
)
const seconds = kubeletHistogram(
  'runtime_operations_duration_seconds',
  'Duration in seconds of runtime operations. Broken down by operation type.',
  { labels, buckets: exponentialBuckets(0.005, 2.5, 14) },
)
const errorTotal = kubeletSpec(
  'runtime_operations_errors_total',
  'Cumulative number of runtime operation errors by operation type.',
  labels,
)

/**
 * The same engine, each call of it counted and timed under the name that the Container Runtime Interface has for it
 * (upstream kuberuntime instrumented_services.go). Streams are counted when they are opened.
 */
export function measuredRuntime(runtime: Runtime, metrics: Metrics, clock: Clock): Runtime {
  const measure = operationMeter(metrics, clock)
  return {
    containers: measuredContainers(runtime.containers, measure),
    images: measuredImages(runtime.images, measure),
  }
}

type Measure = <T>(operation: string, run: () => Promise<T>) => Promise<T>

function operationMeter(metrics: Metrics, clock: Clock): Measure {
  const known = new Map<string, { readonly count: Counter; readonly took: Histogram }>()
  const seriesOf = (operation: string) => {
    const made = {
      count: metrics.counter(total).with(operation),
      took: metrics.histogram(seconds).with(operation),
    }
    known.set(operation, made)
    return made
  }
  return async (operation, run) => {
    const { count, took } = known.get(operation) ?? seriesOf(operation)
    count.inc()
    const startMs = clock.monotonicMs()
    try {
      return await run()
    } catch (error) {
      metrics.counter(errorTotal).with(operation).inc()
      throw error
    } finally {
      took.observe((clock.monotonicMs() - startMs) / 1000)
    }
  }
}

function measuredContainers(engine: RuntimeService, measure: Measure): RuntimeService {
  /** Stopping and removing one is called otherwise than of a container. */
  const sandboxes = new Set<string>()
  const kindOf = (id: string) => (sandboxes.has(id) ? 'podsandbox' : 'container')
  return {
    version: () => measure('version', () => engine.version()),
    async list(podUid) {
      const observed = await measure('list_containers', () => engine.list(podUid))
      for (const { id } of observed.sandboxes) sandboxes.add(id)
      return observed
    },
    async createSandbox(spec) {
      const id = await measure('run_podsandbox', () => engine.createSandbox(spec))
      sandboxes.add(id)
      return id
    },
    createContainer: spec => measure('create_container', () => engine.createContainer(spec)),
    start: id => measure('start_container', () => engine.start(id)),
    updateResources: (id, resources) =>
      measure('update_container', () => engine.updateResources(id, resources)),
    stop: (id, graceSeconds) => measure(`stop_${kindOf(id)}`, () => engine.stop(id, graceSeconds)),
    async remove(id) {
      await measure(`remove_${kindOf(id)}`, () => engine.remove(id))
      sandboxes.delete(id)
    },
    exec: (id, options) => measure('exec', () => engine.exec(id, options)),
    attach: (id, options) => measure('attach', () => engine.attach(id, options)),
    reopenLog: id => measure('reopen_container_log', () => engine.reopenLog(id)),
    stats: () => measure('list_container_stats', () => engine.stats()),
    watch: (changed, signal) => engine.watch(changed, signal),
  }
}

function measuredImages(images: ImageService, measure: Measure): ImageService {
  return {
    list: () => measure('list_images', () => images.list()),
    find: reference => measure('image_status', () => images.find(reference)),
    pull: reference => measure('pull_image', () => images.pull(reference)),
    importTar: (reference, tar, command) => images.importTar(reference, tar, command),
    remove: id => measure('remove_image', () => images.remove(id)),
  }
}

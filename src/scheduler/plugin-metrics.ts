import { type Counter, exponentialBuckets, type HistogramSpec, type MetricSpec } from '../std/metrics.ts'
import type { Ports } from '../std/ports.ts'
import type { CycleMeter, Point, PointStatus } from './framework/meter.ts'
import type { SchedulerPlugin } from './framework/plugin.ts'

/** Names, labels, buckets and stability are upstream's (pkg/scheduler/metrics). */
const pointSeconds: HistogramSpec = {
  name: 'scheduler_framework_extension_point_duration_seconds',
  help: 'Seconds of all plugins of an extension point together.',
  labels: ['extension_point', 'status', 'profile'],
  stability: 'STABLE',
  buckets: exponentialBuckets(0.0001, 2, 12),
}
const pluginSeconds: HistogramSpec = {
  name: 'scheduler_plugin_execution_duration_seconds',
  help: 'Seconds of a plugin at an extension point, of one scheduling cycle in ten and of one node in sixteen.',
  labels: ['plugin', 'extension_point', 'status'],
  stability: 'ALPHA',
  buckets: exponentialBuckets(0.00001, 1.5, 20),
}
const evaluations: MetricSpec = {
  name: 'scheduler_plugin_evaluation_total',
  help: 'How often a plugin was asked at an extension point; for Filter and Score, about how many nodes.',
  labels: ['plugin', 'extension_point', 'profile'],
  stability: 'ALPHA',
}

/** One cycle in so many has its plugins measured one by one, as upstream. */
const sampledCycles = 10
/** Of the nodes that a plugin looks at one by one, one in so many. */
const sampledNodes = 16

/** What the cycles of the profile of this name are measured by. */
export function createCycleMeter(
  { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>,
  profile: string,
): CycleMeter {
  const seconds = metrics.histogram(pointSeconds)
  const evaluated = metrics.counter(evaluations)
  const counters = new Map<Point, Map<string, Counter>>()
  const counterOf = (point: Point, plugin: string): Counter => {
    const known = counters.get(point) ?? new Map<string, Counter>()
    counters.set(point, known)
    const counter = known.get(plugin) ?? evaluated.with(plugin, point, profile)
    known.set(plugin, counter)
    return counter
  }
  return {
    nowMs: () => clock.monotonicMs(),
    point(point, status, startMs) {
      seconds.with(point, status, profile).observe((clock.monotonicMs() - startMs) / 1000)
    },
    evaluated: (point, plugin, times) => counterOf(point, plugin).inc(times),
  }
}

/** Answers the plugins for the next cycle: those given or, now and then, the same with each of their points measured. */
export function samplePlugins(
  { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>,
  plugins: readonly SchedulerPlugin[],
): () => readonly SchedulerPlugin[] {
  const seconds = metrics.histogram(pluginSeconds)
  const measuring = plugins.map(plugin =>
    measuredPlugin(
      plugin,
      (point, status, startMs) => {
        seconds.with(plugin.name, point, status).observe((clock.monotonicMs() - startMs) / 1000)
      },
      () => clock.monotonicMs(),
    ),
  )
  let cycles = 0
  return () => (cycles++ % sampledCycles === 0 ? measuring : plugins)
}

type Told = (point: Point, status: PointStatus, startMs: number) => void

function measuredPlugin(plugin: SchedulerPlugin, told: Told, nowMs: () => number): SchedulerPlugin {
  /** The same method of the plugin, measured each `every` times. */
  const point = <A extends unknown[], R>(
    name: Point,
    method: ((...args: A) => R) | undefined,
    statusOf: (result: R) => PointStatus = () => 'Success',
    every = 1,
  ) => {
    if (!method) return undefined
    let calls = 0
    return (...args: A): R => {
      if (calls++ % every !== 0) return method.apply(plugin, args)
      const startMs = nowMs()
      const result = method.apply(plugin, args)
      told(name, statusOf(result), startMs)
      return result
    }
  }
  const made = {
    preFilter: point('PreFilter', plugin.preFilter, result => preFilterStatus[result.outcome]),
    filter: point('Filter', plugin.filter, statusOfRejection, sampledNodes),
    filterColumns: point('Filter', plugin.filterColumns),
    postFilter: point('PostFilter', plugin.postFilter, result =>
      result?.nominate ? 'Success' : 'Unschedulable',
    ),
    preScore: point('PreScore', plugin.preScore, result => (result === 'skip' ? 'Skip' : 'Success')),
    score: point('Score', plugin.score, undefined, sampledNodes),
    scoreColumns: point('Score', plugin.scoreColumns),
    normalize: point('ScoreExtensionNormalize', plugin.normalize),
    reserve: point('Reserve', plugin.reserve, statusOfRejection),
    unreserve: point('Unreserve', plugin.unreserve),
    postBind: point('PostBind', plugin.postBind),
  }
  const there = Object.entries(made).filter(([, method]) => method !== undefined)
  return { ...plugin, ...Object.fromEntries(there) }
}

const preFilterStatus = { continue: 'Success', skip: 'Skip', reject: 'Unschedulable' } as const

function statusOfRejection(rejection: { readonly unresolvable: boolean } | undefined): PointStatus {
  if (!rejection) return 'Success'
  return rejection.unresolvable ? 'UnschedulableAndUnresolvable' : 'Unschedulable'
}

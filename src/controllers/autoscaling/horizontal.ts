import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerStatus,
  MetricStatus,
} from '../../api/types/autoscaling-v2.gen.ts'
import { type Catalog, resourceOfKind, type ServedResource } from '../../client/catalog.ts'
import { objectKey } from '../../client/resource.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import type { Worker, WorkerContext } from '../../controller/worker.ts'
import { fromApiVersion } from '../../machinery/meta/group.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { matchesLabels, parseLabelSelector } from '../../machinery/selector/index.ts'
import { messageOf } from '../../std/message.ts'
import { horizontalPodAutoscalers, pods } from '../kinds.ts'
import type { AutoscalingTuning } from '../tuning.ts'
import { MetricError, type MetricProposal, type MetricSources, proposeFor } from './metric-proposals.ts'
import { countedComputation, countedReconciliation, tellAutoscalers } from './reconciliation-metrics.ts'
import { type Limited, limit, type Memory, newMemory, noteChange } from './scaling-behavior.ts'
import { type Draft, say, setCondition, setSizes, writeStatus } from './status-draft.ts'

type Scale = KubeObject & {
  readonly spec?: { readonly replicas?: number }
  readonly status?: { readonly replicas: number; readonly selector?: string }
}

/**
 * Sizes what it is told to by what its pods use (upstream pkg/controller/podautoscaler): each autoscaler is looked at
 * every so often, for no watch shows what is used.
 */
export function horizontalPodAutoscaler(catalog: Catalog, tuning: AutoscalingTuning): Worker {
  const { periodMs } = tuning
  const memories = new Map<string, Memory>()
  return {
    name: 'horizontalpodautoscaler',
    identity: 'horizontal-pod-autoscaler',
    start(context) {
      context.use(pods)
      const autoscalers = context.use(horizontalPodAutoscalers)
      const cancel = autoscalers.onChange(({ object }) => {
        if (object) context.enqueue(objectKey(object), periodMs)
      })
      const untell = tellAutoscalers(context.ports.metrics, autoscalers.store)
      const stop = () => {
        cancel()
        untell()
      }
      context.signal.addEventListener('abort', stop, { once: true })
      return async key => {
        const autoscaler = autoscalers.store.byKey(key)
        if (!autoscaler) {
          memories.delete(key)
          return {}
        }
        const memory = memories.get(key) ?? newMemory()
        memories.set(key, memory)
        await countedReconciliation(context.ports, autoscaler, () =>
          reconcile(autoscaler, { context, catalog, tuning, memory }),
        )
        return { afterMs: periodMs }
      }
    },
  }
}

interface Sources {
  readonly context: WorkerContext
  readonly catalog: Catalog
  readonly tuning: AutoscalingTuning
  readonly memory: Memory
}

async function reconcile(
  autoscaler: HorizontalPodAutoscaler,
  sources: Sources,
): Promise<HorizontalPodAutoscalerStatus> {
  const { context } = sources
  const draft: Draft = { autoscaler, context, status: { desiredReplicas: 0, ...autoscaler.status } }
  const target = await targetOf(draft, sources)
  if (target) {
    setCondition(
      draft,
      ['AbleToScale', 'True', 'SucceededGetScale'],
      "the HPA controller was able to get the target's current scale",
    )
    await size(draft, target, sources)
  }
  await writeStatus(draft)
  return draft.status
}

interface Target {
  readonly resource: ServedResource
  readonly scale: Scale
}

async function targetOf(draft: Draft, { context, catalog }: Sources): Promise<Target | undefined> {
  const { namespace } = draft.autoscaler.metadata
  const { apiVersion = '', kind, name } = draft.autoscaler.spec!.scaleTargetRef
  try {
    const resource = resourceOfKind(catalog, apiVersion, kind)
    if (!resource)
      throw new Error(`no matches for kind "${kind}" in group "${fromApiVersion(apiVersion)?.group ?? ''}"`)
    const call = { verb: 'get' as const, namespace, name, subresource: 'scale' }
    return { resource, scale: await context.client.subresource<Scale>(resource, call) }
  } catch (error) {
    const why = messageOf(error)
    say(draft, 'Warning', 'FailedGetScale', why)
    setCondition(
      draft,
      ['AbleToScale', 'False', 'FailedGetScale'],
      `the HPA controller was unable to get the target's current scale: ${why}`,
    )
    return undefined
  }
}

interface Decision {
  readonly replicas: number
  readonly reason: string
  readonly metrics: MetricStatus[]
}

async function size(draft: Draft, target: Target, sources: Sources): Promise<void> {
  const { spec } = draft.autoscaler
  const minReplicas = spec!.minReplicas ?? 1
  const current = target.scale.spec?.replicas ?? 0
  const nowMs = draft.context.ports.clock.nowMs()
  const { memory, tuning } = sources
  if (memory.recommendations.length === 0) memory.recommendations = [{ replicas: current, atMs: nowMs }]
  const forced = forcedSize(draft, current, minReplicas)
  const decision = forced ?? (await decide(draft, target, { memory, minReplicas, tuning, nowMs }))
  if (!decision) return
  if (decision.replicas === current) setSizes(draft, current, decision)
  else await rescale(draft, target, { decision, memory, nowMs })
}

/** Out of bounds, or switched off. */
function forcedSize(draft: Draft, current: number, minReplicas: number): Decision | undefined {
  const { maxReplicas } = draft.autoscaler.spec!
  const none: MetricStatus[] = []
  if (current === 0 && minReplicas !== 0) {
    const message = 'scaling is disabled since the replica count of the target is zero'
    setCondition(draft, ['ScalingActive', 'False', 'ScalingDisabled'], message)
    return { replicas: 0, reason: '', metrics: none }
  }
  const outside = (what: string) => `Current number of replicas ${what}`
  if (current > maxReplicas)
    return { replicas: maxReplicas, reason: outside('above Spec.MaxReplicas'), metrics: none }
  if (current < minReplicas)
    return { replicas: minReplicas, reason: outside('below Spec.MinReplicas'), metrics: none }
  return undefined
}

interface Deciding {
  readonly memory: Memory
  readonly minReplicas: number
  readonly tuning: AutoscalingTuning
  readonly nowMs: number
}

/** By metrics; undefined when nobody knows. */
async function decide(
  draft: Draft,
  { scale }: Target,
  { memory, minReplicas, tuning, nowMs }: Deciding,
): Promise<Decision | undefined> {
  const { autoscaler } = draft
  const current = scale.spec?.replicas ?? 0
  const found = await byMetrics(draft, scale, { tuning, nowMs })
  if (found.replicas === undefined) {
    setSizes(draft, current, { replicas: draft.status.desiredReplicas, metrics: found.statuses })
    say(draft, 'Warning', 'FailedComputeMetricsReplicas', found.error!)
    return undefined
  }
  const proposed = found.replicas
  const limited = limit({ autoscaler, memory, current, proposed, minReplicas, tuning, nowMs })
  noteLimits(draft, limited)
  const grows = proposed > current ? `${found.name} above target` : ''
  return {
    replicas: limited.replicas,
    reason: proposed < current ? 'All metrics below target' : grows,
    metrics: found.statuses,
  }
}

function noteLimits(draft: Draft, { stabilized, isLimited, reason, message }: Limited): void {
  const ready = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
  const able = stabilized ?? ready
  setCondition(draft, ['AbleToScale', 'True', able.reason], able.message)
  setCondition(draft, ['ScalingLimited', isLimited ? 'True' : 'False', reason], message)
}

interface Found {
  /** Undefined when the metrics do not tell. */
  readonly replicas: number | undefined
  readonly name: string
  readonly statuses: MetricStatus[]
  readonly error?: string
}

/** The largest that any metric asks for; with some unknown nothing is made smaller. */
async function byMetrics(
  draft: Draft,
  scale: Scale,
  { tuning, nowMs }: Pick<Deciding, 'tuning' | 'nowMs'>,
): Promise<Found> {
  const { context, autoscaler } = draft
  const { namespace } = autoscaler.metadata
  const specs = autoscaler.spec?.metrics ?? []
  const selector = scale.status?.selector ?? ''
  if (selector === '') {
    say(draft, 'Warning', 'SelectorRequired', 'selector is required')
    const message = "the HPA target's scale is missing a selector"
    setCondition(draft, ['ScalingActive', 'False', 'InvalidSelector'], message)
    return { replicas: undefined, name: '', statuses: [], error: 'selector is required' }
  }
  const parsed = parseLabelSelector(selector)
  const selected = context.informers
    .of(pods)
    .store.list(namespace)
    .filter(pod => matchesLabels(parsed, pod.metadata.labels))
  const current = scale.spec?.replicas ?? 0
  const sources: MetricSources = {
    client: context.client,
    autoscaler,
    selector,
    pods: selected,
    current,
    tuning,
    nowMs,
  }
  const results = await Promise.all(
    specs.map(spec =>
      countedComputation(context.ports, { type: spec.type, current }, () => proposeFor(spec, sources)).catch(
        (error: unknown) => asMetricError(error),
      ),
    ),
  )
  return sumUp(draft, results, current)
}

function asMetricError(error: unknown): MetricError {
  if (error instanceof MetricError) return error
  throw error
}

function sumUp(draft: Draft, results: readonly (MetricProposal | MetricError)[], current: number): Found {
  const failed = results.filter(result => result instanceof MetricError)
  const proposals = results.filter((result): result is MetricProposal => !(result instanceof MetricError))
  const statuses = results.map(result => (result instanceof MetricError ? { type: '' } : result.status))
  for (const { reason, message } of failed) say(draft, 'Warning', reason, message)
  const [first] = failed
  const error =
    first &&
    `invalid metrics (${failed.length} invalid out of ${results.length}), first error is: ${first.prefix}${first.message}`
  const largest = proposals.reduce<MetricProposal | undefined>(
    (best, proposal) => (!best || proposal.replicas > best.replicas ? proposal : best),
    undefined,
  )
  if (first && (!largest || largest.replicas < current)) {
    const message = `the HPA was unable to compute the replica count: ${first.message}`
    setCondition(draft, ['ScalingActive', 'False', first.reason], message)
    return { replicas: undefined, name: '', statuses, error: error! }
  }
  const message = `the HPA was able to successfully calculate a replica count from ${largest?.name ?? ''}`
  setCondition(draft, ['ScalingActive', 'True', 'ValidMetricFound'], message)
  return { replicas: largest?.replicas ?? 0, name: largest?.name ?? '', statuses }
}

interface Rescaling {
  readonly decision: Decision
  readonly memory: Memory
  readonly nowMs: number
}

async function rescale(
  draft: Draft,
  { resource, scale }: Target,
  { decision, memory, nowMs }: Rescaling,
): Promise<void> {
  const { autoscaler, context } = draft
  const { replicas, reason } = decision
  const current = scale.spec?.replicas ?? 0
  const { namespace, name } = scale.metadata
  const body = { ...scale, spec: { ...scale.spec, replicas } }
  try {
    await context.client.subresource(resource, {
      ...{ verb: 'update', namespace, name: name!, subresource: 'scale', body },
    })
  } catch (error) {
    const why = messageOf(error)
    say(draft, 'Warning', 'FailedRescale', `New size: ${replicas}; reason: ${reason}; error: ${why}`)
    const message = `the HPA controller was unable to update the target scale: ${why}`
    setCondition(draft, ['AbleToScale', 'False', 'FailedUpdateScale'], message)
    setSizes(draft, current, { ...decision, replicas: draft.status.desiredReplicas })
    return
  }
  const message = `the HPA controller was able to update the target scale to ${replicas}`
  setCondition(draft, ['AbleToScale', 'True', 'SucceededRescale'], message)
  say(draft, 'Normal', 'SuccessfulRescale', `New size: ${replicas}; reason: ${reason}`)
  noteChange({ autoscaler, memory, current, nowMs }, replicas)
  setSizes(draft, current, decision, toTimestamp(nowMs))
}

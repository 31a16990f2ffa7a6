import { capToPolicy } from '../../../api/autoscaling/vertical/capping.ts'
import { containerPolicy } from '../../../api/autoscaling/vertical/policy.ts'
import { selectorOf, type TargetSource, targetFault } from '../../../api/autoscaling/vertical/targets.ts'
import type { VerticalPodAutoscaler } from '../../../api/autoscaling/vertical/types.ts'
import { events } from '../../../api/core/event.ts'
import type { Pod } from '../../../api/types/core-v1.gen.ts'
import type { Catalog } from '../../../client/catalog.ts'
import { isNotFound } from '../../../client/failure.ts'
import { createInformer } from '../../../client/informer.ts'
import { objectKey } from '../../../client/resource.ts'
import type { Worker, WorkerContext } from '../../../controller/worker.ts'
import { type LabelSelector, matchesLabels } from '../../../machinery/selector/index.ts'
import { messageOf } from '../../../std/message.ts'
import { pods } from '../../kinds.ts'
import { jsonEqual } from '../../shared/equal.ts'
import type { Aggregate } from './aggregate.ts'
import { type Checkpoints, checkpointsOf } from './checkpoints.ts'
import { estimateAll } from './estimate.ts'
import { verticalPodAutoscalers } from './kinds.ts'
import { evictedForMemory, outOfMemory } from './oom.ts'
import { readSamples } from './samples.ts'
import { recommendationsFrom, statusOf } from './status.ts'
import { targetSource } from './target-source.ts'
import { type OutOfMemory, UsageModel } from './usage-model.ts'

const periodMs = 60_000
const garbagePeriodMs = 3_600_000
const round = 'round'

/** What one round of the recommender works on. */
interface Recommender {
  readonly context: WorkerContext
  readonly targets: TargetSource
  readonly usage: UsageModel
  readonly checkpoints: Checkpoints
  /** What was seen since the last round. */
  readonly ooms: OutOfMemory[]
  garbageMs: number
}

/** An autoscaler whose pods are known. */
interface Chosen {
  readonly autoscaler: VerticalPodAutoscaler
  /** Undefined: nobody can tell which pods are its. */
  readonly selector: LabelSelector | undefined
  readonly fault: string | undefined
}

/**
 * Says what containers need by what they have used (upstream's vpa-recommender): once a minute it takes what pods use now,
 * writes the status of each autoscaler, and keeps what it knows in checkpoints.
 */
export function verticalRecommender(catalog: Catalog, identity: string): Worker {
  return {
    name: 'vpa-recommender',
    identity,
    concurrency: 1,
    start(context) {
      const ooms: OutOfMemory[] = []
      context.use(verticalPodAutoscalers)
      observeOoms(context, ooms)
      const recommender: Recommender = {
        ...{ context, ooms, targets: targetSource(context, catalog), usage: new UsageModel() },
        checkpoints: checkpointsOf(context),
        garbageMs: Number.NEGATIVE_INFINITY,
      }
      context.enqueue(round, periodMs)
      return async () => {
        await runOnce(recommender)
        return { afterMs: periodMs }
      }
    },
  }
}

function observeOoms(context: WorkerContext, ooms: OutOfMemory[]): void {
  const cancel = context.use(pods).onLaterChange(({ object, old }) => {
    if (object && old && old.status?.phase !== 'Pending') ooms.push(...outOfMemory(object, old))
  })
  context.signal.addEventListener('abort', cancel, { once: true })
  const { client, ports, signal } = context
  const evictions = createInformer({ client, ports, resource: events, fieldSelector: 'reason=Evicted' })
  evictions.onLaterChange(({ object, old }) => {
    if (object && !old) ooms.push(...evictedForMemory(object))
  })
  void evictions.run(signal)
}

async function runOnce(recommender: Recommender): Promise<void> {
  const { context, usage, checkpoints, ooms } = recommender
  const { informers, ports } = context
  const nowMs = ports.clock.nowMs()
  const autoscalers = informers.of(verticalPodAutoscalers).store.list().filter(isForDefaultRecommender)
  const chosen = await Promise.all(autoscalers.map(autoscaler => choose(recommender, autoscaler)))
  checkpoints.restore(autoscalers, nowMs)
  const present = informers
    .of(pods)
    .store.list()
    .filter(({ status }) => status?.phase !== 'Pending')
  const forgetOthers = usage.setPods(present, nowMs)
  for (const sample of await samplesOf(context)) usage.add(sample)
  for (const oom of ooms.splice(0)) usage.addOom(oom)
  forgetOthers()
  for (const each of chosen) await recommend(recommender, each, nowMs)
  for (const each of chosen) await checkpoint(recommender, each, nowMs)
  const { store } = informers.of(verticalPodAutoscalers)
  await checkpoints.collectGarbage(nowMs, key => store.byKey(key) !== undefined)
  collectGarbage(recommender, chosen, nowMs)
}

/** Those that name none, or name `default`. */
function isForDefaultRecommender({ spec: { recommenders = [] } }: VerticalPodAutoscaler): boolean {
  return recommenders.length === 0 || recommenders.some(({ name }) => name === 'default')
}

async function choose({ targets }: Recommender, autoscaler: VerticalPodAutoscaler): Promise<Chosen> {
  const { metadata, spec } = autoscaler
  try {
    const selector = await selectorOf(targets, autoscaler)
    const fault = await targetFault(targets, metadata.namespace ?? '', spec.targetRef!)
    return { autoscaler, selector: fault === undefined ? selector : undefined, fault }
  } catch (error) {
    return { autoscaler, selector: undefined, fault: `Cannot read targetRef. Reason: ${messageOf(error)}` }
  }
}

/** Nothing where the metrics API does not answer: the next round asks again. */
async function samplesOf({ client, ports: { log } }: WorkerContext) {
  try {
    return await readSamples(client)
  } catch (error) {
    log.warn('no metrics of containers', { controller: 'vpa-recommender', error: messageOf(error) })
    return []
  }
}

/** What was used of each container since this process began, and before. */
function knownUsage({ usage, checkpoints }: Recommender, chosen: Chosen, nowMs: number) {
  const { autoscaler, selector } = chosen
  const { namespace = '' } = autoscaler.metadata
  const sums = selector ? usage.byContainer(namespace, selector, nowMs) : new Map<string, Aggregate>()
  return checkpoints.mergeInto(sums, autoscaler, nowMs)
}

async function recommend(recommender: Recommender, chosen: Chosen, nowMs: number): Promise<void> {
  const { context, usage } = recommender
  const { autoscaler, selector, fault } = chosen
  const { namespace = '', name = '' } = autoscaler.metadata
  const policyOf = (container: string) => containerPolicy(container, autoscaler.spec.resourcePolicy)
  const wanted = [...knownUsage(recommender, chosen, nowMs)].filter(
    ([container]) => policyOf(container)?.mode !== 'Off',
  )
  const estimates = estimateAll(new Map(wanted))
  const found = recommendationsFrom(estimates, container => policyOf(container)?.controlledResources)
  const matchesPods = selector !== undefined && usage.countPods(namespace, selector) > 0
  const findings = { fault, matchesPods, recommendations: capToPolicy(found, autoscaler) }
  const status = statusOf(autoscaler, findings, nowMs)
  if (jsonEqual(status, autoscaler.status)) return
  const body = [{ op: 'add', path: '/status', value: status }]
  try {
    await context.client.patch(verticalPodAutoscalers, namespace, name, {
      ...{ type: 'application/json-patch+json', subresource: 'status', body },
    })
  } catch (error) {
    if (!isNotFound(error)) throw error
    context.ports.log.debug('an autoscaler is gone', { autoscaler: objectKey(autoscaler) })
  }
}

async function checkpoint(recommender: Recommender, chosen: Chosen, nowMs: number): Promise<void> {
  const { usage, checkpoints } = recommender
  const { autoscaler, selector } = chosen
  const sums = knownUsage(recommender, chosen, nowMs)
  const { namespace = '' } = autoscaler.metadata
  if (selector) usage.withoutPeaks(sums, { namespace, selector }, nowMs)
  await checkpoints.store(autoscaler, sums, nowMs)
}

/** Once an hour; what pods of autoscalers have used is kept while those are there, of others while they run. */
function collectGarbage(recommender: Recommender, chosen: readonly Chosen[], nowMs: number): void {
  if (nowMs - recommender.garbageMs < garbagePeriodMs) return
  recommender.garbageMs = nowMs
  const isChosen = ({ metadata }: Pod) =>
    chosen.some(
      ({ autoscaler, selector }) =>
        selector &&
        autoscaler.metadata.namespace === metadata.namespace &&
        matchesLabels(selector, metadata.labels),
    )
  const isOver = ({ status }: Pod) => status?.phase === 'Succeeded' || status?.phase === 'Failed'
  recommender.usage.collectGarbage(nowMs, pod => !isOver(pod) || isChosen(pod))
}

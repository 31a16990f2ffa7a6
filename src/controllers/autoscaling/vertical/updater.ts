import { recommendationForPod } from '../../../api/autoscaling/vertical/capping.ts'
import { recommendedAmounts } from '../../../api/autoscaling/vertical/pod-amounts.ts'
import { updateModeOf } from '../../../api/autoscaling/vertical/policy.ts'
import {
  autoscalerOf,
  type TargetSource,
  type WellKnownKind,
} from '../../../api/autoscaling/vertical/targets.ts'
import type { VerticalPodAutoscaler } from '../../../api/autoscaling/vertical/types.ts'
import { limitRanges } from '../../../api/core/limit-range.ts'
import type { Pod } from '../../../api/types/core-v1.gen.ts'
import type { Catalog } from '../../../client/catalog.ts'
import { referenceTo } from '../../../client/events.ts'
import { objectKey } from '../../../client/resource.ts'
import type { Worker, WorkerContext } from '../../../controller/worker.ts'
import { messageOf } from '../../../std/message.ts'
import { pods } from '../../kinds.ts'
import { canEvict, decideInPlace, type Group, groupsOf, type ResizesSeen } from './groups.ts'
import { verticalPodAutoscalers } from './kinds.ts'
import { comparePriority, meetsRequirements, priorityOf, wantsUpdate } from './priority.ts'
import { targetSource } from './target-source.ts'

const periodMs = 60_000
const round = 'round'
const jsonPatch = 'application/json-patch+json'

interface Updater {
  readonly context: WorkerContext
  readonly targets: TargetSource
  readonly resizes: ResizesSeen
}

/** What a round does with the pods of one autoscaler. */
interface Work extends Updater {
  readonly autoscaler: VerticalPodAutoscaler
  readonly groups: ReadonlyMap<Pod, Group>
  readonly nowMs: number
}

/**
 * Brings running pods to what is recommended for them (upstream's vpa-updater): once a minute it resizes or evicts, by the
 * Eviction API, those that are outside of the bounds, as many at a time as their groups bear.
 */
export function verticalUpdater(catalog: Catalog, identity: string): Worker {
  return {
    name: 'vpa-updater',
    identity,
    eventSource: 'vpa-updater',
    concurrency: 1,
    start(context) {
      context.use(pods)
      context.use(limitRanges)
      context.use(verticalPodAutoscalers)
      const updater: Updater = { context, targets: targetSource(context, catalog), resizes: new Map() }
      context.enqueue(round, periodMs)
      return async () => {
        await runOnce(updater)
        return { afterMs: periodMs }
      }
    },
  }
}

async function runOnce(updater: Updater): Promise<void> {
  const { context, targets, resizes } = updater
  const { informers, ports } = context
  const isActive = (autoscaler: VerticalPodAutoscaler) =>
    !['Off', 'Initial'].includes(updateModeOf(autoscaler))
  const autoscalers = informers.of(verticalPodAutoscalers).store.list().filter(isActive)
  if (autoscalers.length === 0) return
  const controlled = new Map<VerticalPodAutoscaler, Pod[]>()
  const live = informers.of(pods).store.list().filter(isLive)
  for (const pod of live) {
    const autoscaler = await autoscalerOf(targets, pod, autoscalers)
    if (autoscaler) controlled.set(autoscaler, [...(controlled.get(autoscaler) ?? []), pod])
  }
  const present = new Set(live.map(({ metadata }) => metadata.uid))
  for (const uid of resizes.keys()) if (!present.has(uid)) resizes.delete(uid)
  const makerOf = (kind: string, namespace: string, name: string) =>
    ['DaemonSet', 'ReplicaSet', 'ReplicationController', 'StatefulSet'].includes(kind)
      ? targets.wellKnown(kind as WellKnownKind, namespace, name)
      : undefined
  for (const [autoscaler, members] of controlled) {
    const groups = groupsOf(members, autoscaler, makerOf)
    await update({ ...updater, autoscaler, groups, nowMs: ports.clock.nowMs() }, members)
  }
}

/** Scheduled, not finished and not on its way out. */
function isLive({ metadata, spec, status }: Pod): boolean {
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed'
  return Boolean(spec?.nodeName) && !isOver && !metadata.deletionTimestamp
}

async function update(work: Work, members: readonly Pod[]): Promise<void> {
  const { groups, autoscaler, resizes, nowMs } = work
  const decide = (pod: Pod) => decideInPlace(pod, { group: groups.get(pod), autoscaler }, resizes, nowMs)
  const mayEvict = (pod: Pod) => canEvict(pod, groups.get(pod), resizes, nowMs)
  const isInPlace = ['InPlaceOrRecreate', 'InPlace'].includes(updateModeOf(autoscaler))
  const candidates = members.filter(pod => (isInPlace ? decide(pod) !== 'deferred' : mayEvict(pod)))
  const leaving: Pod[] = []
  for (const pod of inOrder(work, candidates)) {
    const decision = isInPlace ? decide(pod) : 'evict'
    if (decision === 'evict' || (decision === 'approved' && !(await resize(work, pod)))) leaving.push(pod)
  }
  for (const pod of leaving) if (mayEvict(pod)) await evict(work, pod)
}

/** Those that are to be changed, the most urgent first. */
function inOrder(work: Work, candidates: readonly Pod[]): Pod[] {
  const { autoscaler, nowMs } = work
  const found = candidates.flatMap(pod => {
    const recommendation = recommendationForPod(autoscaler, pod, rangesFor(work, pod))?.recommendation ?? {}
    const priority = priorityOf(pod, recommendation)
    return wantsUpdate(pod, priority, autoscaler, nowMs) ? [{ pod, priority, recommendation }] : []
  })
  return found
    .sort((a, b) => comparePriority(a.priority, b.priority))
    .filter(({ pod, recommendation }) => meetsRequirements(pod, recommendation, autoscaler))
    .map(({ pod }) => pod)
}

function rangesFor({ context }: Updater, { metadata }: Pod) {
  return context.informers.of(limitRanges).store.list(metadata.namespace)
}

/** False when it could not be done: then the pod is evicted. */
async function resize(work: Work, pod: Pod): Promise<boolean> {
  const { context, autoscaler, groups } = work
  const { namespace, name = '', annotations } = pod.metadata
  const patch = resizePatch(pod, recommendedAmounts(autoscaler, pod, rangesFor(work, pod)))
  const log = (error: unknown) =>
    context.ports.log.info('a pod cannot be resized', { pod: objectKey(pod), error: messageOf(error) })
  if (patch.length === 0) return false
  try {
    await context.client.patch(pods, namespace, name, { type: jsonPatch, subresource: 'resize', body: patch })
  } catch (error) {
    log(error)
    return false
  }
  const note = [
    ...(annotations ? [] : [{ op: 'add', path: '/metadata/annotations', value: {} }]),
    { op: 'add', path: '/metadata/annotations/vpaInPlaceUpdated', value: 'true' },
  ]
  await context.client.patch(pods, namespace, name, { type: jsonPatch, body: note }).catch(log)
  const message = 'Pod was resized in place by VPA Updater.'
  context.events.record(referenceTo(pods, pod), { type: 'Normal', reason: 'InPlaceResizedByVPA', message })
  groups.get(pod)!.resized++
  return true
}

/** In the order of containers: what is missing on the way to an amount, and the amount. */
function resizePatch(pod: Pod, recommended: ReturnType<typeof recommendedAmounts>): readonly object[] {
  return (pod.spec?.containers ?? []).flatMap(({ resources }, index) => {
    const path = `/spec/containers/${index}/resources`
    const own = recommended[index]!
    const amounts = (['requests', 'limits'] as const).flatMap(side => {
      const list = Object.entries(own[side] ?? {})
      const missing = list.length > 0 && !resources?.[side]
      return [
        ...(missing ? [{ op: 'add', path: `${path}/${side}`, value: {} }] : []),
        ...list.map(([name, value]) => ({ op: 'add', path: `${path}/${side}/${name}`, value })),
      ]
    })
    const isEmpty = !resources?.requests && !resources?.limits
    return isEmpty && amounts.length > 0 ? [{ op: 'add', path, value: {} }, ...amounts] : amounts
  })
}

async function evict({ context, autoscaler, groups }: Work, pod: Pod): Promise<void> {
  const { namespace, name = '' } = pod.metadata
  const body = {
    ...{ apiVersion: 'policy/v1', kind: 'Eviction' },
    metadata: { name, ...(namespace && { namespace }) },
  }
  try {
    await context.client.subresource(pods, { verb: 'create', namespace, name, subresource: 'eviction', body })
  } catch (error) {
    context.ports.log.info('a pod cannot be evicted', { pod: objectKey(pod), error: messageOf(error) })
    return
  }
  const say = (about: Parameters<typeof context.events.record>[0], reason: string, message: string) =>
    context.events.record(about, { type: 'Normal', reason, message })
  const why = 'to apply resource recommendation.'
  say(referenceTo(pods, pod), 'EvictedByVPA', `Pod was evicted by VPA Updater ${why}`)
  const about = referenceTo(verticalPodAutoscalers, autoscaler)
  say(about, 'EvictedPod', `VPA Updater evicted Pod ${name} ${why}`)
  if (pod.status?.phase !== 'Pending') groups.get(pod)!.evicted++
}

import { isFinished } from '../../api/core/pod/lifecycle.ts'
import type { ControllerRevision, DaemonSet, DaemonSetStatus } from '../../api/types/apps-v1.gen.ts'
import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import { mergePatch } from '../../client/client.ts'
import { objectKey } from '../../client/resource.ts'
import {
  attempt,
  event,
  type Plan,
  patch,
  remove,
  requeueAfter,
  slowStart,
  together,
  updateStatus,
} from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import type { Worker } from '../../controller/worker.ts'
import { controllerOf } from '../../machinery/meta/owners.ts'
import { isEverything, labelSelectorFrom } from '../../machinery/selector/index.ts'
import { controllerRevisions, daemonSets, nodes, pods } from '../kinds.ts'
import { Backoff } from '../shared/backoff.ts'
import { claim } from '../shared/claim.ts'
import { orAbsent } from '../shared/count.ts'
import { jsonEqual } from '../shared/equal.ts'
import { isAvailable, isReady, untilAvailableMs } from '../shared/pod.ts'
import { createPod, deletePod } from '../shared/pod-control.ts'
import { daemonTemplate, isUpToDate, targetNode, verdictOn } from './daemonset-nodes.ts'
import { type DaemonChanges, type Daemons, rollDaemons, surgeOf } from './daemonset-rollout.ts'
import { planRevisions, planTruncation, revisionHashLabel } from './revisions.ts'

/** Pods made or deleted in one go (daemon_controller.go BurstReplicas). */
const burstMax = 250

/** Keeps one pod on every node that is fit for it (upstream pkg/controller/daemon). */
export function daemonSetController(): Worker {
  const failures = new Backoff(1_000, 900_000)
  return defineController<DaemonSet>({
    name: 'daemonset',
    identity: 'daemon-set-controller',
    eventSource: 'daemonset-controller',
    primary: daemonSets,
    owns: [
      { resource: pods, adopts: ({ spec }) => spec?.selector },
      {
        resource: controllerRevisions,
        adopts: ({ spec }) => spec?.selector,
        wakes: (object, old) => old !== undefined || controllerOf(object!) === undefined,
      },
    ],
    watches: [watched(nodes, (_, store) => store(daemonSets).list().map(objectKey), sameForDaemons)],
    plan: (daemonSet, view, nowMs) => planDaemonSet(daemonSet, view, nowMs, failures),
  })
}

function sameForDaemons(a: Node, b: Node): boolean {
  return jsonEqual(a.metadata.labels, b.metadata.labels) && jsonEqual(a.spec?.taints, b.spec?.taints)
}

export function planDaemonSet(
  daemonSet: DaemonSet,
  view: View,
  nowMs: number,
  failures: Backoff = new Backoff(1_000, 900_000),
): Plan {
  const selector = labelSelectorFrom(daemonSet.spec?.selector)
  if (isEverything(selector)) return [selectsAll(daemonSet)]
  if (daemonSet.metadata.deletionTimestamp) return []
  const common = { owner: daemonSet, ownerResource: daemonSets, selector }
  const claimed = claim({ ...common, resource: pods }, view)
  const claimedRevisions = claim({ ...common, resource: controllerRevisions }, view)
  const history = planRevisions({
    owner: daemonSet,
    resource: daemonSets,
    hashLabel: revisionHashLabel,
    revisions: claimedRevisions.objects,
    collided: () => countCollision(daemonSet),
  })
  const claiming = [...claimedRevisions.plan, ...claimed.plan, ...history.plan]
  if (!history.current) return claiming
  const hash = history.current.metadata.labels?.[revisionHashLabel] ?? history.current.metadata.name!
  const daemons: Daemons = {
    daemonSet,
    nodes: view.store(nodes).list(),
    byNode: groupByNode(claimed.objects),
    hash,
    nowMs,
  }
  return [
    ...claiming,
    ...mergeDuplicates(history.duplicates, claimed.objects, hash),
    ...planDaemons(daemons, failures),
    ...truncate(daemonSet, history.old, claimed.objects),
  ]
}

function selectsAll(daemonSet: DaemonSet) {
  const message = 'This daemon set is selecting all pods. A non-empty selector is required.'
  return event(daemonSets, daemonSet, { type: 'Warning', reason: 'SelectingAll', message })
}

function countCollision(daemonSet: DaemonSet) {
  const { status } = daemonSet
  const collisionCount = (status?.collisionCount ?? 0) + 1
  return updateStatus(daemonSets, { ...daemonSet, status: { ...status!, collisionCount } })
}

/** Pods that have ended and are being deleted are somebody else's business. */
function groupByNode(all: readonly Pod[]): Map<string, Pod[]> {
  const counted = all.filter(pod => !(isFinished(pod) && pod.metadata.deletionTimestamp))
  const byNode = Map.groupBy(counted.toSorted(placedAndOldestFirst), pod => targetNode(pod) ?? '')
  byNode.delete('')
  return byNode
}

function placedAndOldestFirst(a: Pod, b: Pod): number {
  if (Boolean(a.spec?.nodeName) !== Boolean(b.spec?.nodeName)) return a.spec?.nodeName ? -1 : 1
  const left = `${a.metadata.creationTimestamp ?? ''} ${a.metadata.name}`
  return left < `${b.metadata.creationTimestamp ?? ''} ${b.metadata.name}` ? -1 : 1
}

function planDaemons(daemons: Daemons, failures: Backoff): Plan {
  const managing = manage(daemons, failures)
  const changes =
    managing.create.length + managing.doomed.length === 0 && isRolling(daemons.daemonSet)
      ? rollDaemons(daemons)
      : managing
  const { daemonSet, hash } = daemons
  const creations = changes.create
    .slice(0, burstMax)
    .map(node => createPod(daemonTemplate(daemonSet, node, hash), daemonSets, daemonSet))
  const deletions = changes.doomed.slice(0, burstMax).map(pod => deletePod(pod, daemonSets, daemonSet))
  const acts = [
    ...managing.notes,
    ...(creations.length > 0 ? [slowStart(creations)] : []),
    ...(deletions.length > 0 ? [together(deletions)] : []),
  ]
  return [
    ...(acts.length > 0 ? [attempt(acts, () => planStatus(daemons))] : planStatus(daemons)),
    ...managing.later,
  ]
}

function isRolling({ spec }: DaemonSet): boolean {
  return spec?.updateStrategy?.type === 'RollingUpdate'
}

interface Managing extends DaemonChanges {
  readonly notes: Plan
  readonly later: Plan
}

interface Collected {
  readonly create: string[]
  readonly doomed: Pod[]
  readonly notes: Plan[number][]
  readonly later: Plan[number][]
}

/** One daemon on each fit node, none elsewhere (daemon_controller.go podsShouldBeOnNode). */
function manage(daemons: Daemons, failures: Backoff): Managing {
  const found: Collected = { create: [], doomed: [], notes: [], later: [] }
  const known = new Set<string>()
  for (const node of daemons.nodes) {
    known.add(node.metadata.name!)
    manageNode(daemons, node, failures, found)
  }
  for (const [node, here] of daemons.byNode)
    if (!known.has(node)) found.doomed.push(...here.filter(({ spec }) => !spec?.nodeName))
  return found
}

function manageNode(daemons: Daemons, node: Node, failures: Backoff, found: Collected): void {
  const { daemonSet, byNode } = daemons
  const name = node.metadata.name!
  const here = byNode.get(name)
  const { run, stay } = verdictOn(node, daemonSet)
  if (run && !here) found.create.push(name)
  else if (here && !stay) found.doomed.push(...here.filter(isKept))
  else if (here) {
    const running = here.filter(pod => isKept(pod) && !isFinished(pod))
    for (const pod of here.filter(pod => isKept(pod) && isFinished(pod)))
      replaceFinished(daemons, pod, failures, found)
    if (surgeOf(daemonSet, 1) === 0) found.doomed.push(...running.slice(1))
    else if (running.length === 0 && run) found.create.push(name)
    else found.doomed.push(...surplusOfSurge(daemons, running))
  }
}

function isKept({ metadata }: Pod): boolean {
  return !metadata.deletionTimestamp
}

/** A daemon never ends; one that failed is replaced after a pause that grows, or kubelet and controller would race. */
function replaceFinished({ daemonSet, nowMs }: Daemons, pod: Pod, failures: Backoff, found: Collected): void {
  const { namespace, name } = pod.metadata
  const node = targetNode(pod)!
  if (pod.status?.phase === 'Succeeded') {
    const message = `Found succeeded daemon pod ${namespace}/${name} on node ${node}, will try to delete it`
    found.notes.push(event(daemonSets, daemonSet, { type: 'Normal', reason: 'SucceededDaemonPod', message }))
    found.doomed.push(pod)
    return
  }
  const key = `${daemonSet.metadata.uid}/${daemonSet.status?.observedGeneration ?? 0}/${node}`
  const waitMs = failures.waitMs(key, nowMs)
  if (waitMs > 0) {
    found.later.push(requeueAfter(waitMs))
    return
  }
  failures.next(key, nowMs)
  const message = `Found failed daemon pod ${namespace}/${name} on node ${node}, will try to kill it`
  found.notes.push(event(daemonSets, daemonSet, { type: 'Warning', reason: 'FailedDaemonPod', message }))
  found.doomed.push(pod)
}

/** During a surge the oldest old and the oldest new pod may be there, as long as the old one is needed. */
function surplusOfSurge({ daemonSet, hash, nowMs }: Daemons, running: readonly Pod[]): readonly Pod[] {
  if (running.length <= 1) return []
  const fresh = running.find(({ metadata }) => metadata.labels?.[revisionHashLabel] === hash)
  const stale = running.find(({ metadata }) => metadata.labels?.[revisionHashLabel] !== hash)
  const surplus = running.filter(pod => pod !== fresh && pod !== stale)
  const superseded =
    fresh && stale && (!isReady(stale) || isAvailable(fresh, daemonSet.spec?.minReadySeconds ?? 0, nowMs))
  return superseded ? [...surplus, stale] : surplus
}

function planStatus(daemons: Daemons): Plan {
  const { daemonSet, nowMs } = daemons
  const status = statusOf(daemons)
  const minReadySeconds = daemonSet.spec?.minReadySeconds ?? 0
  const firsts = [...daemons.byNode.values()].map(here => here[0]!)
  const waits = firsts.map(pod => untilAvailableMs(pod, minReadySeconds, nowMs) ?? 0).filter(wait => wait > 0)
  return [
    ...(jsonEqual(status, daemonSet.status) ? [] : [updateStatus(daemonSets, { ...daemonSet, status })]),
    ...(waits.length > 0 ? [requeueAfter(Math.min(...waits))] : []),
  ]
}

function statusOf({ daemonSet, nodes, byNode, hash, nowMs }: Daemons): DaemonSetStatus {
  const minReadySeconds = daemonSet.spec?.minReadySeconds ?? 0
  const hosting = nodes.filter(({ metadata }) => byNode.has(metadata.name!))
  const wanted = nodes.filter(node => verdictOn(node, daemonSet).run)
  const right = hosting.filter(node => wanted.includes(node))
  const firsts = right.map(({ metadata }) => byNode.get(metadata.name!)![0]!)
  const available = firsts.filter(pod => isAvailable(pod, minReadySeconds, nowMs)).length
  return {
    ...daemonSet.status,
    currentNumberScheduled: right.length,
    numberMisscheduled: hosting.length - right.length,
    desiredNumberScheduled: wanted.length,
    numberReady: firsts.filter(isReady).length,
    observedGeneration: daemonSet.metadata.generation,
    updatedNumberScheduled: orAbsent(firsts.filter(pod => isUpToDate(pod, daemonSet, hash)).length),
    numberAvailable: orAbsent(available),
    numberUnavailable: orAbsent(wanted.length - available),
  }
}

/** Two revisions of one template: pods of the lesser one are said to be of the other. */
function mergeDuplicates(
  duplicates: readonly ControllerRevision[],
  claimed: readonly Pod[],
  hash: string,
): Plan {
  if (duplicates.length === 0) return []
  const body = { metadata: { labels: { [revisionHashLabel]: hash } } }
  const wrong = claimed.filter(({ metadata }) => metadata.labels?.[revisionHashLabel] !== hash)
  return [
    ...wrong.map(pod => patch(pods, pod, { type: mergePatch, body })),
    ...duplicates.map(revision => remove(controllerRevisions, revision)),
  ]
}

function truncate({ spec }: DaemonSet, old: readonly ControllerRevision[], claimed: readonly Pod[]): Plan {
  const live = new Set(claimed.map(({ metadata }) => metadata.labels?.[revisionHashLabel]))
  const unused = old.filter(({ metadata }) => !live.has(metadata.labels?.[revisionHashLabel]))
  return planTruncation(unused, old.length, spec?.revisionHistoryLimit)
}

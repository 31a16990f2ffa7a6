import type { ControllerRevision, StatefulSet, StatefulSetStatus } from '../../api/types/apps-v1.gen.ts'
import type { PersistentVolumeClaim, Pod } from '../../api/types/core-v1.gen.ts'
import { objectKey } from '../../client/resource.ts'
import { attempt, type Plan, requeueAfter, slowStart, updateStatus } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import { labelSelectorFrom } from '../../machinery/selector/index.ts'
import { controllerRevisions, persistentVolumeClaims, pods, statefulSets } from '../kinds.ts'
import { claim } from '../shared/claim.ts'
import { orAbsent } from '../shared/count.ts'
import { isAvailable, isReady, untilAvailableMs } from '../shared/pod.ts'
import { planRevisions, planTruncation, templateOf } from './revisions.ts'
import { hasStaleClaim, planClaimOwners } from './statefulset-claims.ts'
import {
  hasIdentity,
  isWanted,
  ordinalOf,
  parentAndOrdinal,
  revisionNameOf,
  startOrdinal,
  statefulPod,
  wantedReplicas,
} from './statefulset-identity.ts'
import { createStatefulPod, deleteStatefulPod, planClaims, repairStatefulPod } from './statefulset-pods.ts'

/** Keeps pods with names and volumes of their own, one after the other (upstream pkg/controller/statefulset). */
export const statefulSetController = defineController<StatefulSet>({
  name: 'statefulset',
  identity: 'statefulset-controller',
  primary: statefulSets,
  owns: [
    { resource: pods, adopts: ({ spec }) => spec?.selector },
    { resource: controllerRevisions, wakes: () => false },
  ],
  watches: [watched(persistentVolumeClaims, setsOfClaim)],
  plan: planStatefulSet,
})

function setsOfClaim({ metadata }: PersistentVolumeClaim, store: View['store']): string[] {
  return store(statefulSets)
    .list(metadata.namespace)
    .filter(({ metadata: { name }, spec }) =>
      spec?.volumeClaimTemplates?.some(template =>
        metadata.name?.startsWith(`${template.metadata?.name}-${name}-`),
      ),
    )
    .map(objectKey)
}

/** Everything that one plan is made of. */
interface Situation {
  readonly set: StatefulSet
  readonly view: View
  readonly nowMs: number
  readonly current: ControllerRevision
  readonly update: ControllerRevision
  readonly pods: readonly Pod[]
  /** One for each wanted number; those that are not there yet have no status. */
  readonly replicas: readonly Pod[]
  /** Beyond the wanted numbers, the highest first. */
  readonly condemned: readonly Pod[]
}

export function planStatefulSet(set: StatefulSet, view: View, nowMs: number): Plan {
  const selector = labelSelectorFrom(set.spec?.selector)
  const common = { owner: set, ownerResource: statefulSets, selector }
  const isMember = (pod: Pod) => parentAndOrdinal(pod).parent === set.metadata.name
  const claimedRevisions = claim({ ...common, resource: controllerRevisions }, view)
  const claimed = claim({ ...common, resource: pods, eligible: isMember }, view)
  const history = planRevisions({
    owner: set,
    resource: statefulSets,
    hashLabel: 'controller.kubernetes.io/hash',
    revisions: claimedRevisions.objects,
    collided: () => countCollision(set),
  })
  const claiming = [...claimedRevisions.plan, ...claimed.plan, ...history.plan]
  const update = history.current
  if (!update) return claiming
  const named = claimedRevisions.objects.find(({ metadata }) => metadata.name === set.status?.currentRevision)
  const situation = arrange({ set, view, nowMs, current: named ?? update, update, pods: claimed.objects })
  const acts = set.metadata.deletionTimestamp ? [] : planPods(situation)
  const finish = () => planStatus(situation)
  return [
    ...claiming,
    ...(acts.length > 0 ? [attempt(acts, finish)] : finish()),
    ...truncate(situation, history.old),
  ]
}

function countCollision(set: StatefulSet) {
  const collisionCount = (set.status?.collisionCount ?? 0) + 1
  return updateStatus(statefulSets, { ...set, status: { ...set.status!, collisionCount } })
}

function arrange(found: Omit<Situation, 'replicas' | 'condemned'>): Situation {
  const { set } = found
  const byOrdinal = new Map(found.pods.map(pod => [ordinalOf(pod), pod]))
  const replicas = Array.from({ length: wantedReplicas(set) }, (_, index) => {
    const ordinal = startOrdinal(set) + index
    return byOrdinal.get(ordinal) ?? newPod(found, ordinal)
  })
  const condemned = found.pods
    .filter(pod => ordinalOf(pod) >= 0 && !isWanted(pod, set))
    .toSorted((a, b) => ordinalOf(b) - ordinalOf(a))
  return { ...found, replicas, condemned }
}

/** Below the partition, or while a rollout without one has not come there, a pod is made of the former template. */
function newPod(
  { set, current, update }: Pick<Situation, 'set' | 'current' | 'update'>,
  ordinal: number,
): Pod {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {}
  const index = ordinal - startOrdinal(set)
  const former = rollingUpdate
    ? index < (rollingUpdate.partition ?? 0)
    : type === 'RollingUpdate' && index < (set.status?.currentReplicas ?? 0)
  const revision = former ? current : update
  return statefulPod(set, templateOf(revision), revision.metadata.name!, ordinal)
}

function isCreated({ status }: Pod): boolean {
  return Boolean(status?.phase)
}

function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isReady(pod)
}

function isUnavailable({ set, nowMs }: Situation, pod: Pod): boolean {
  return !isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs) || Boolean(pod.metadata.deletionTimestamp)
}

/** What is done about one pod, and whether in the ordered mode nothing follows before that shows. */
interface Step {
  readonly acts: Plan
  readonly stop: boolean
}

const nothing: Step = { acts: [], stop: false }
const wait: Step = { acts: [], stop: true }

function planPods(situation: Situation): Plan {
  const { set, replicas, condemned } = situation
  const ordered = set.spec?.podManagementPolicy !== 'Parallel'
  const phases = [
    replicas.map(pod => () => processReplica(situation, pod, ordered)),
    condemned.map(pod => () => ({ acts: planClaimOwners(set, pod, situation.view), stop: false })),
    condemned.map(pod => () => processCondemned(situation, pod, ordered)),
  ]
  const plan: Plan[number][] = []
  for (const phase of phases) {
    const { acts, stop } = ordered ? oneByOne(phase) : allAtOnce(phase)
    plan.push(...acts)
    if (stop) return plan
  }
  return [...plan, ...planRollout(situation)]
}

function oneByOne(steps: readonly (() => Step)[]): Step {
  const done: Plan[number][] = []
  for (const step of steps) {
    const { acts, stop } = step()
    done.push(...acts)
    if (stop) return { acts: done, stop }
  }
  return { acts: done, stop: false }
}

function allAtOnce(steps: readonly (() => Step)[]): Step {
  const sequences = steps.map(step => step().acts).filter(acts => acts.length > 0)
  if (sequences.length === 0) return nothing
  return { acts: [slowStart(sequences.map(acts => attempt(acts, () => [])))], stop: false }
}

function processReplica(situation: Situation, pod: Pod, ordered: boolean): Step {
  const { set, view, nowMs } = situation
  const phase = pod.status?.phase
  if (phase === 'Failed' || phase === 'Succeeded')
    return pod.metadata.deletionTimestamp ? wait : { acts: [deleteStatefulPod(set, pod)], stop: true }
  if (!isCreated(pod)) {
    if (hasStaleClaim(set, pod, view)) return wait
    return { acts: [createStatefulPod(set, pod, view)], stop: true }
  }
  const claims = phase === 'Pending' ? planClaims(set, pod, view) : []
  const available = isRunningAndReady(pod) && isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)
  if (ordered && (pod.metadata.deletionTimestamp || !available)) return { acts: claims, stop: true }
  const owners = phase === 'Pending' ? [] : planClaimOwners(set, pod, view)
  const isWhole = owners.length === 0 && hasIdentity(set, pod)
  return { acts: isWhole ? claims : [...claims, repairStatefulPod(set, pod, owners)], stop: false }
}

function processCondemned(situation: Situation, pod: Pod, ordered: boolean): Step {
  if (pod.metadata.deletionTimestamp) return ordered ? wait : nothing
  const { set, nowMs } = situation
  const available = isRunningAndReady(pod) && isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)
  if (ordered && !available && pod !== firstUnavailable(situation)) return wait
  return { acts: [deleteStatefulPod(set, pod)], stop: true }
}

/** The unavailable pod with the lowest number, wanted ones first. */
function firstUnavailable(situation: Situation): Pod | undefined {
  const { replicas, condemned } = situation
  return [...replicas, ...condemned.toReversed()].find(pod => isUnavailable(situation, pod))
}

/** One pod after the other, the highest number first, down to the partition. */
function planRollout(situation: Situation): Plan {
  const { set, replicas, update } = situation
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {}
  if (type === 'OnDelete') return []
  for (const pod of replicas.slice(rollingUpdate?.partition ?? 0).toReversed()) {
    const isOld = isCreated(pod) && revisionNameOf(pod) !== update.metadata.name
    if (isOld && !pod.metadata.deletionTimestamp) return [deleteStatefulPod(set, pod)]
    if (isUnavailable(situation, pod)) return []
  }
  return []
}

function planStatus(situation: Situation): Plan {
  const { set, nowMs } = situation
  const status = statusOf(situation)
  const minReadySeconds = set.spec?.minReadySeconds ?? 0
  const waits = situation.pods.map(pod => untilAvailableMs(pod, minReadySeconds, nowMs) ?? 0)
  const soonest = Math.min(...waits.filter(wait => wait > 0))
  return [
    ...(isChanged(set.status, status) ? [updateStatus(statefulSets, { ...set, status })] : []),
    ...(Number.isFinite(soonest) ? [requeueAfter(soonest)] : []),
  ]
}

const compared = [
  'replicas',
  'readyReplicas',
  'availableReplicas',
  'currentReplicas',
  'updatedReplicas',
  'currentRevision',
  'updateRevision',
] as const

function isChanged(old: StatefulSetStatus | undefined, status: StatefulSetStatus): boolean {
  const newer = (status.observedGeneration ?? 0) > (old?.observedGeneration ?? 0)
  return newer || compared.some(field => (status[field] || undefined) !== (old?.[field] || undefined))
}

function statusOf({ set, pods, current, update, nowMs }: Situation): StatefulSetStatus {
  const wanted = wantedReplicas(set)
  const created = pods.filter(isCreated)
  const alive = created.filter(({ metadata }) => !metadata.deletionTimestamp)
  const ready = pods.filter(isRunningAndReady)
  const available = ready.filter(pod => isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs))
  const updated = alive.filter(pod => revisionNameOf(pod) === update.metadata.name).length
  const rolledOut =
    set.spec?.updateStrategy?.type === 'RollingUpdate' &&
    [updated, ready.length, created.length].every(count => count === wanted)
  const former = rolledOut ? update : current
  return {
    ...set.status,
    observedGeneration: set.metadata.generation,
    replicas: created.length,
    readyReplicas: orAbsent(ready.length),
    currentReplicas: orAbsent(
      rolledOut ? updated : alive.filter(pod => revisionNameOf(pod) === current.metadata.name).length,
    ),
    updatedReplicas: orAbsent(updated),
    currentRevision: former.metadata.name,
    updateRevision: update.metadata.name,
    collisionCount: set.status?.collisionCount ?? 0,
    availableReplicas: available.length,
  }
}

function truncate({ set, current, pods }: Situation, old: readonly ControllerRevision[]): Plan {
  const live = new Set([current.metadata.name, ...pods.map(revisionNameOf)])
  const unused = old.filter(({ metadata }) => !live.has(metadata.name))
  return planTruncation(unused, unused.length, set.spec?.revisionHistoryLimit)
}

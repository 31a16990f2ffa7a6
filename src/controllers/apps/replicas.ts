import type { ReplicaSetCondition } from '../../api/types/apps-v1.gen.ts'
import type { Pod, PodTemplateSpec } from '../../api/types/core-v1.gen.ts'
import type { ResourceRef } from '../../client/resource.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import {
  attempt,
  type Plan,
  requeueAfter,
  slowStart,
  together,
  updateStatus,
} from '../../controller/actions.ts'
import { defineController } from '../../controller/define.ts'
import { controllerUid, type View } from '../../controller/view.ts'
import type { Worker } from '../../controller/worker.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import {
  type LabelSelectorSpec,
  labelSelectorFrom,
  labelSelectorOf,
  matchesLabels,
} from '../../machinery/selector/index.ts'
import { messageOf } from '../../std/message.ts'
import { pods } from '../kinds.ts'
import { claim } from '../shared/claim.ts'
import { withCondition, withoutCondition } from '../shared/conditions.ts'
import { orAbsent } from '../shared/count.ts'
import { jsonEqual } from '../shared/equal.ts'
import { isActive, isTerminating, untilAvailableMs } from '../shared/pod.ts'
import { createPod, deletePod } from '../shared/pod-control.ts'
import { measureAges } from './deletion-metrics.ts'
import { rankForDeletion } from './deletion-rank.ts'

/** What a ReplicaSet and a ReplicationController have in common. */
export interface ReplicaOwner extends KubeObject {
  readonly spec?: {
    readonly replicas?: number
    readonly minReadySeconds?: number
    readonly template?: PodTemplateSpec
  }
  readonly status?: ReplicaStatus
}

export interface ReplicaStatus {
  readonly replicas: number
  readonly fullyLabeledReplicas?: number
  readonly readyReplicas?: number
  readonly availableReplicas?: number
  readonly terminatingReplicas?: number
  readonly observedGeneration?: number
  readonly conditions?: ReplicaSetCondition[]
}

export interface ReplicaKind<T extends ReplicaOwner> {
  readonly name: string
  readonly identity: string
  readonly resource: ResourceRef<T>
  readonly selector: (owner: T) => LabelSelectorSpec | undefined
  /** Its status has terminatingReplicas. */
  readonly countsTerminating: boolean
}

/** Pods made or deleted in one go (replica_set.go BurstReplicas). */
const burstMax = 500

/** Keeps as many pods of one template running as wanted (upstream pkg/controller/replicaset). */
export function replicaController<T extends ReplicaOwner>(kind: ReplicaKind<T>): Worker {
  return defineController<T>({
    name: kind.name,
    identity: kind.identity,
    primary: kind.resource,
    owns: [{ resource: pods, adopts: kind.selector }],
    plan: (owner, view, nowMs) => planReplicas(kind, owner, view, nowMs),
  })
}

export function planReplicas<T extends ReplicaOwner>(
  kind: ReplicaKind<T>,
  owner: T,
  view: View,
  nowMs: number,
): Plan {
  const selector = labelSelectorFrom(kind.selector(owner))
  const claimed = claim(
    { owner, ownerResource: kind.resource, resource: pods, selector, eligible: isActive },
    view,
  )
  const goes = (pod: Pod) => isTerminating(pod) && matchesLabels(selector, pod.metadata.labels)
  const terminating = kind.countsTerminating ? view.owned(pods).filter(goes).length : undefined
  const active = claimed.objects
  const finish = (errors: readonly unknown[]): Plan => {
    const status = replicaStatus(owner, { active, terminating, error: errors[0], nowMs })
    const changed =
      !jsonEqual(status, owner.status) || owner.metadata.generation !== owner.status?.observedGeneration
    return [
      ...(changed ? [updateStatus(kind.resource, { ...owner, status })] : []),
      ...checkLater(owner, active, nowMs),
    ]
  }
  const manage = owner.metadata.deletionTimestamp ? [] : manageReplicas(kind, owner, { active, view, nowMs })
  return [...claimed.plan, ...(manage.length > 0 ? [attempt(manage, finish)] : finish([]))]
}

interface Situation {
  readonly active: readonly Pod[]
  readonly view: View
  readonly nowMs: number
}

function manageReplicas<T extends ReplicaOwner>(
  kind: ReplicaKind<T>,
  owner: T,
  { active, view, nowMs }: Situation,
): Plan {
  const wanted = owner.spec?.replicas ?? 1
  const missing = Math.min(wanted - active.length, burstMax)
  if (missing > 0) {
    const template = owner.spec!.template!
    return [slowStart(Array.from({ length: missing }, () => createPod(template, kind.resource, owner)))]
  }
  const extra = Math.min(active.length - wanted, burstMax)
  if (extra <= 0) return []
  const doomed = rankForDeletion(active, relatedPods(kind, owner, view), nowMs).slice(0, extra)
  const ages = measureAges(active, doomed, nowMs)
  return [ages, together(doomed.map(pod => deletePod(pod, kind.resource, owner)))]
}

/** The pods of all replica sets that have the same controller as this one, its own among them. */
function relatedPods<T extends ReplicaOwner>(kind: ReplicaKind<T>, owner: T, view: View): readonly Pod[] {
  const controller = controllerUid(owner)
  if (!controller) return view.owned(pods)
  const siblings = view.store(kind.resource).index(controllerUid).get(controller)
  const owned = view.store(pods).index(controllerUid)
  return siblings.flatMap(({ metadata }) => owned.get(metadata.uid ?? ''))
}

interface Count {
  readonly active: readonly Pod[]
  readonly terminating: number | undefined
  readonly error: unknown
  readonly nowMs: number
}

function replicaStatus(owner: ReplicaOwner, { active, terminating, error, nowMs }: Count): ReplicaStatus {
  const labels = labelSelectorOf(owner.spec?.template?.metadata?.labels)
  const minReadySeconds = owner.spec?.minReadySeconds ?? 0
  const waits = active.map(pod => untilAvailableMs(pod, minReadySeconds, nowMs))
  return {
    ...owner.status,
    replicas: active.length,
    fullyLabeledReplicas: orAbsent(active.filter(pod => matchesLabels(labels, pod.metadata.labels)).length),
    readyReplicas: orAbsent(waits.filter(wait => wait !== undefined).length),
    availableReplicas: orAbsent(waits.filter(wait => wait === 0).length),
    terminatingReplicas: terminating,
    observedGeneration: owner.metadata.generation,
    conditions: failureCondition(owner, active.length, error, nowMs),
  }
}

function failureCondition(owner: ReplicaOwner, have: number, error: unknown, nowMs: number) {
  const conditions = owner.status?.conditions
  const type = 'ReplicaFailure'
  if (error === undefined) {
    const left = withoutCondition(conditions, type)
    return left.length > 0 ? left : undefined
  }
  if (findCondition(conditions, type)) return conditions
  const reason = have < (owner.spec?.replicas ?? 1) ? 'FailedCreate' : 'FailedDelete'
  const lastTransitionTime = toTimestamp(nowMs)
  return withCondition(conditions, {
    type,
    status: 'True',
    reason,
    message: messageOf(error),
    lastTransitionTime,
  })
}

/** Ready pods that are not available yet will be at a known moment. */
function checkLater(owner: ReplicaOwner, active: readonly Pod[], nowMs: number): Plan {
  const waits = active.map(pod => untilAvailableMs(pod, owner.spec?.minReadySeconds ?? 0, nowMs) ?? 0)
  const soonest = Math.min(...waits.filter(wait => wait > 0))
  return Number.isFinite(soonest) ? [requeueAfter(soonest)] : []
}

import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { Condition } from '../../api/types/meta-v1.gen.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/types/policy-v1.gen.ts'
import type { Catalog } from '../../client/catalog.ts'
import { isConflict } from '../../client/failure.ts'
import { objectKey, type ResourceName } from '../../client/resource.ts'
import { fromTimestamp, toTimestamp } from '../../client/timestamp.ts'
import { type Action, event, type Plan, requeueAfter, updateStatus } from '../../controller/actions.ts'
import { applyPlan } from '../../controller/apply.ts'
import { informerStores, type View } from '../../controller/view.ts'
import type { Worker, WorkerContext } from '../../controller/worker.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { labelSelectorFrom, matchesLabels } from '../../machinery/selector/index.ts'
import { messageOf } from '../../std/message.ts'
import {
  deployments,
  podDisruptionBudgets,
  pods,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '../kinds.ts'
import { jsonEqual } from '../shared/equal.ts'
import { goText } from '../shared/go-text.ts'
import { isReady } from '../shared/pod.ts'
import { scaledValue } from '../shared/scaled.ts'
import { type ExpectedScale, expectedScale } from './expected-scale.ts'

/** How long a pod whose eviction was allowed may take to be deleted (disruption.go DeletionTimeout). */
const deletionMaxMs = 120_000

/** Counts how many pods of each budget may be disrupted (upstream pkg/controller/disruption); evictions honour it. */
export function disruptionController(catalog: Catalog): Worker {
  return {
    name: 'disruption',
    identity: 'disruption-controller',
    eventSource: 'controllermanager',
    start(context) {
      const store = informerStores(context.informers)
      const budgets = context.use(podDisruptionBudgets).store
      for (const kind of [replicationControllers, replicaSets, deployments, statefulSets])
        context.use<KubeObject>(kind as ResourceName)
      context.watch(podDisruptionBudgets, (budget, old) => [objectKey((budget ?? old)!)])
      context.watch(pods, (pod, old) => [
        ...(old ? budgetsOf(old, budgets.list(old.metadata.namespace)) : []),
        ...(pod ? budgetsOf(pod, budgets.list(pod.metadata.namespace)) : []),
      ])
      return async key => {
        const budget = budgets.byKey(key)
        if (!budget) return {}
        const { requeueAfterMs, error } = await applyPlan(
          context,
          await planFor(budget, { context, store, catalog }),
        )
        if (error !== undefined) throw error
        return { afterMs: requeueAfterMs }
      }
    },
  }
}

function budgetsOf(pod: Pod, budgets: readonly PodDisruptionBudget[]): string[] {
  return budgets.filter(budget => selects(budget, pod)).map(objectKey)
}

function selects({ spec }: PodDisruptionBudget, { metadata }: Pod): boolean {
  return spec?.selector !== undefined && matchesLabels(labelSelectorFrom(spec.selector), metadata.labels)
}

interface Sources {
  readonly context: WorkerContext
  readonly store: View['store']
  readonly catalog: Catalog
}

async function planFor(budget: PodDisruptionBudget, { context, store, catalog }: Sources): Promise<Plan> {
  const all = store(pods).list(budget.metadata.namespace)
  const selected = all.filter(pod => selects(budget, pod))
  const nowMs = context.ports.clock.nowMs()
  const none = { type: 'Normal' as const, reason: 'NoPods', message: 'No matching pods found' }
  const notes = selected.length === 0 ? [event(podDisruptionBudgets, budget, none)] : []
  try {
    const scale = needsScale(budget)
      ? await expectedScale(selected, { store, catalog, client: context.client })
      : { count: selected.length, unmanaged: [] }
    return [...notes, ...planBudget(budget, { selected, scale, nowMs })]
  } catch (error) {
    if (isConflict(error)) throw error
    return [...notes, ...failSafe(budget, error, nowMs)]
  }
}

/** A share, and what may be missing, are of the number of pods that there should be. */
function needsScale({ spec }: PodDisruptionBudget): boolean {
  return spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string'
}

interface Counted {
  readonly selected: readonly Pod[]
  readonly scale: ExpectedScale
  readonly nowMs: number
}

export function planBudget(budget: PodDisruptionBudget, counted: Counted): Plan {
  const { selected, scale, nowMs } = counted
  const expectedPods = needsScale(budget) || budget.spec?.minAvailable !== undefined ? scale.count : 0
  const disrupted = stillDisrupted(budget, selected, nowMs)
  const currentHealthy = selected.filter(
    pod => !pod.metadata.deletionTimestamp && !(pod.metadata.name! in disrupted.pods) && isReady(pod),
  ).length
  const desiredHealthy = desired(budget, scale.count)
  const spare = expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0
  const counts = { currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed: spare }
  const status: PodDisruptionBudgetStatus = {
    ...counts,
    observedGeneration: budget.metadata.generation,
    ...(Object.keys(disrupted.pods).length > 0 && { disruptedPods: disrupted.pods }),
    conditions: withAllowed(budget, conditionFor(spare, budget.metadata.generation), nowMs),
  }
  return [
    ...(scale.unmanaged.length > 0 ? [warnUnmanaged(budget)] : []),
    ...disrupted.notes,
    ...(jsonEqual(status, budget.status) ? [] : [updateStatus(podDisruptionBudgets, { ...budget, status })]),
    ...(disrupted.recheckMs === undefined ? [] : [requeueAfter(disrupted.recheckMs)]),
  ]
}

function desired({ spec }: PodDisruptionBudget, expected: number): number {
  const { maxUnavailable, minAvailable = 0 } = spec ?? {}
  if (maxUnavailable !== undefined) return Math.max(0, expected - scaledValue(maxUnavailable, expected))
  return scaledValue(minAvailable, expected)
}

interface Disrupted {
  /** Pods whose eviction was allowed, by when. */
  readonly pods: Record<string, string>
  readonly notes: Action[]
  readonly recheckMs: number | undefined
}

function stillDisrupted(budget: PodDisruptionBudget, selected: readonly Pod[], nowMs: number): Disrupted {
  const kept: Record<string, string> = {}
  const notes: Action[] = []
  let recheckMs: number | undefined
  for (const pod of selected) {
    const since = budget.status?.disruptedPods?.[pod.metadata.name!]
    if (pod.metadata.deletionTimestamp || !since) continue
    const leftMs = (fromTimestamp(since) ?? 0) + deletionMaxMs - nowMs
    if (leftMs < 0) {
      const { namespace } = budget.metadata
      const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`
      notes.push(event(pods, pod, { type: 'Warning', reason: 'NotDeleted', message }))
      continue
    }
    kept[pod.metadata.name!] = since
    recheckMs = Math.min(recheckMs ?? leftMs, leftMs)
  }
  return { pods: kept, notes, recheckMs }
}

type NewCondition = Pick<Condition, 'type' | 'status' | 'reason' | 'message' | 'observedGeneration'>

function conditionFor(spare: number, observedGeneration: number | undefined): NewCondition {
  const allowed = spare > 0
  return {
    type: 'DisruptionAllowed',
    status: allowed ? 'True' : 'False',
    reason: allowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    ...(observedGeneration !== undefined && { observedGeneration }),
  }
}

/** The time of a condition is that of its last change of status (apimachinery meta SetStatusCondition). */
function withAllowed({ status }: PodDisruptionBudget, wanted: NewCondition, nowMs: number): Condition[] {
  const all = status?.conditions ?? []
  const current = findCondition(all, wanted.type)
  const lastTransitionTime =
    current?.status === wanted.status ? current.lastTransitionTime : toTimestamp(nowMs)
  const condition = { ...wanted, lastTransitionTime }
  return current ? all.map(other => (other === current ? condition : other)) : [...all, condition]
}

/** Nothing may be disrupted while nobody knows. */
function failSafe(budget: PodDisruptionBudget, error: unknown, nowMs: number): Plan {
  const message = `Failed to calculate the number of expected pods: ${messageOf(error)}`
  const failed: NewCondition = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'SyncFailed',
    message: messageOf(error),
    ...(budget.status?.observedGeneration && { observedGeneration: budget.status.observedGeneration }),
  }
  const conditions = withAllowed(budget, failed, nowMs)
  const none = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }
  const status = { ...none, ...budget.status, disruptionsAllowed: 0, conditions }
  const reason = 'CalculateExpectedPodCountFailed'
  return [
    event(podDisruptionBudgets, budget, { type: 'Warning', reason, message }),
    ...(jsonEqual(status, budget.status) ? [] : [updateStatus(podDisruptionBudgets, { ...budget, status })]),
  ]
}

function warnUnmanaged(budget: PodDisruptionBudget): Action {
  const message =
    `Pods selected by this PodDisruptionBudget (selector: ${goText(budget.spec?.selector)}) were found ` +
    'to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. ' +
    'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
  return event(podDisruptionBudgets, budget, { type: 'Warning', reason: 'UnmanagedPods', message })
}

import type { StrategyContext } from '../../define.ts'
import type { Pod, PodAffinityTerm } from '../../types/core-v1.gen.ts'
import { syncAppArmor } from './annotations.ts'
import { dropPodFields } from './disabled-fields.ts'

/** What the server writes into a new pod (pkg/registry/core/pod/strategy.go PrepareForCreate). */
export function preparePodCreate(pod: Pod, { now }: StrategyContext): void {
  const { spec } = pod
  dropPodFields(spec)
  syncAppArmor(pod)
  if ((spec?.terminationGracePeriodSeconds ?? 0) < 0) spec!.terminationGracePeriodSeconds = 1
  if ((spec?.schedulingGates ?? []).length > 0) {
    pod.status!.conditions = [
      {
        type: 'PodScheduled',
        status: 'False',
        lastTransitionTime: now,
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ]
  }
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {}
  for (const affinity of [podAffinity, podAntiAffinity]) {
    const terms = [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
        ({ podAffinityTerm }) => podAffinityTerm,
      ),
    ]
    for (const term of terms) mergeMatchLabelKeys(term, pod.metadata.labels ?? {})
  }
  for (const constraint of spec?.topologySpreadConstraints ?? []) {
    if (!constraint.labelSelector) continue
    const values = keyValues(constraint.matchLabelKeys, pod.metadata.labels ?? {})
    const expressions = values.map(([key, value]) => ({ key, operator: 'In', values: [value] }))
    if (expressions.length > 0) {
      constraint.labelSelector.matchExpressions = [
        ...(constraint.labelSelector.matchExpressions ?? []),
        ...expressions,
      ]
    }
  }
}

/** matchLabelKeys become requirements on the values that the pod has now (KEP-3633). */
function mergeMatchLabelKeys(term: PodAffinityTerm, labels: Readonly<Record<string, string>>): void {
  if (!term.labelSelector) return
  const same = keyValues(term.matchLabelKeys, labels).map(([key, value]) => ({
    key,
    operator: 'In',
    values: [value],
  }))
  const other = keyValues(term.mismatchLabelKeys, labels).map(([key, value]) => ({
    key,
    operator: 'NotIn',
    values: [value],
  }))
  if (same.length + other.length === 0) return
  term.labelSelector.matchExpressions = [...(term.labelSelector.matchExpressions ?? []), ...same, ...other]
}

function keyValues(
  keys: readonly string[] = [],
  labels: Readonly<Record<string, string>>,
): [string, string][] {
  return keys.flatMap(key => (Object.hasOwn(labels, key) ? [[key, labels[key]!] as [string, string]] : []))
}

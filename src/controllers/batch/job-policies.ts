import type {
  Job,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../../api/types/batch-v1.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { parseIndexes } from './job-indexes.ts'

/** What the job's failure policy says about a failed pod. */
export interface FailureVerdict {
  readonly action: 'Ignore' | 'Count' | 'FailIndex' | 'FailJob' | undefined
  /** Counts against the limits. */
  readonly counts: boolean
  /** Why the whole job fails. */
  readonly message?: string
}

/** The first rule that matches decides; without one a failure counts (pod_failure_policy.go, KEP-3329). */
export function judgeFailure({ spec }: Job, pod: Pod): FailureVerdict {
  for (const [index, rule] of (spec?.podFailurePolicy?.rules ?? []).entries()) {
    const found = describeMatch(rule, pod)
    if (found === undefined) continue
    const action = rule.action as NonNullable<FailureVerdict['action']>
    if (action === 'FailJob')
      return { action, counts: true, message: `${found} matching FailJob rule at index ${index}` }
    return { action, counts: action !== 'Ignore' }
  }
  return { action: undefined, counts: true }
}

/** What of the pod a rule matches, in words; undefined when it does not match. */
function describeMatch({ onExitCodes, onPodConditions }: PodFailurePolicyRule, pod: Pod): string | undefined {
  const { namespace, name } = pod.metadata
  if (onExitCodes) {
    const failed = failedContainer(pod, onExitCodes)
    return (
      failed &&
      `Container ${failed.name} for pod ${namespace}/${name} failed with exit code ${failed.exitCode}`
    )
  }
  const condition = pod.status?.conditions?.find(({ type, status }) =>
    onPodConditions?.some(pattern => pattern.type === type && pattern.status === status),
  )
  return condition && `Pod ${namespace}/${name} has condition ${condition.type}`
}

function failedContainer(
  { status }: Pod,
  { containerName, operator, values }: PodFailurePolicyOnExitCodesRequirement,
): { readonly name: string; readonly exitCode: number } | undefined {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  return all
    .map(({ name, state }) => ({ name, exitCode: state?.terminated?.exitCode ?? 0 }))
    .filter(({ name, exitCode }) => exitCode !== 0 && (containerName === undefined || containerName === name))
    .find(({ exitCode }) => values.includes(exitCode) === (operator === 'In'))
}

/** The message of the first success rule that the succeeded indexes fulfil (success_policy.go, KEP-3998). */
export function judgeSuccess({ spec }: Job, succeeded: ReadonlySet<number>): string | undefined {
  if (succeeded.size === 0) return undefined
  const met = (spec?.successPolicy?.rules ?? []).findIndex(rule =>
    fulfils(rule, succeeded, spec?.completions ?? 0),
  )
  return met < 0 ? undefined : `Matched rules at index ${met}`
}

function fulfils(
  { succeededIndexes, succeededCount = Number.POSITIVE_INFINITY }: SuccessPolicyRule,
  succeeded: ReadonlySet<number>,
  completions: number,
): boolean {
  if (succeededIndexes === undefined) return succeeded.size >= succeededCount
  const required = parseIndexes(succeededIndexes, completions)
  const met = required.intersection(succeeded).size
  return required.size > 0 && (met === required.size || met >= succeededCount)
}

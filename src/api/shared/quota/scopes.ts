import { qosClass } from '../../core/pod/pod-resources.ts'
import type {
  Pod,
  PodAffinityTerm,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
} from '../../types/core-v1.gen.ts'

/** Whether a quota's scopes take in a pod; a quota without scopes takes in everything. */
export function inScopes(quota: ResourceQuota, pod: Pod | undefined): boolean {
  return scopesOf(quota).every(selector => pod !== undefined && matchesScope(selector, pod))
}

/** All that a quota says of the pods that it is for. */
export function scopesOf({ spec }: ResourceQuota): readonly ScopedResourceSelectorRequirement[] {
  const scopes = (spec?.scopes ?? []).map(scopeName => ({ scopeName, operator: 'Exists' }))
  return [...scopes, ...(spec?.scopeSelector?.matchExpressions ?? [])]
}

export function matchesScope(selector: ScopedResourceSelectorRequirement, pod: Pod): boolean {
  switch (selector.scopeName) {
    case 'Terminating':
      return isTerminating(pod)
    case 'NotTerminating':
      return !isTerminating(pod)
    case 'BestEffort':
      return isBestEffort(pod)
    case 'NotBestEffort':
      return !isBestEffort(pod)
    case 'PriorityClass':
      return matchesPriorityClass(selector, pod.spec?.priorityClassName ?? '')
    case 'CrossNamespacePodAffinity':
      return affinityTerms(pod).some(term => term.namespaces?.length || term.namespaceSelector)
    default:
      return false
  }
}

function isTerminating({ spec }: Pod): boolean {
  return spec?.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0
}

function isBestEffort({ spec }: Pod): boolean {
  return spec !== undefined && qosClass(spec) === 'BestEffort'
}

function matchesPriorityClass(
  { operator, values = [] }: ScopedResourceSelectorRequirement,
  name: string,
): boolean {
  if (operator === 'Exists') return name !== ''
  if (operator === 'DoesNotExist') return name === ''
  return operator === 'In' ? name !== '' && values.includes(name) : !values.includes(name)
}

function affinityTerms({ spec }: Pod): readonly PodAffinityTerm[] {
  return [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity].flatMap(affinity => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ podAffinityTerm }) => podAffinityTerm,
    ),
  ])
}

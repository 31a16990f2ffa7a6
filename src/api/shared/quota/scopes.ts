import type { KubeObject } from '../../../machinery/meta/object.ts'
import { qosClass } from '../../core/pod/pod-resources.ts'
import type {
  PersistentVolumeClaim,
  Pod,
  PodAffinityTerm,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
} from '../../types/core-v1.gen.ts'

interface Kind {
  readonly group: string
  readonly plural: string
}

/** Whether a quota's scopes take in an object: pods and claims alone have scopes. Without scopes it takes in all. */
export function inScopes(quota: ResourceQuota, kind: Kind, object: KubeObject): boolean {
  return scopesOf(quota).every(selector => matchesScope(selector, kind, object))
}

/** All that a quota says of the objects that it is for. */
export function scopesOf({ spec }: ResourceQuota): readonly ScopedResourceSelectorRequirement[] {
  const scopes = (spec?.scopes ?? []).map(scopeName => ({ scopeName, operator: 'Exists' }))
  return [...scopes, ...(spec?.scopeSelector?.matchExpressions ?? [])]
}

export function matchesScope(
  selector: ScopedResourceSelectorRequirement,
  { group, plural }: Kind,
  object: KubeObject,
): boolean {
  if (group !== '') return false
  if (plural === 'pods') return matchesPodScope(selector, object as Pod)
  return plural === 'persistentvolumeclaims' && matchesClaimScope(selector, object as PersistentVolumeClaim)
}

function matchesPodScope(selector: ScopedResourceSelectorRequirement, pod: Pod): boolean {
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
      return matchesNames(selector, [pod.spec?.priorityClassName])
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

function matchesClaimScope(
  selector: ScopedResourceSelectorRequirement,
  claim: PersistentVolumeClaim,
): boolean {
  return selector.scopeName === 'VolumeAttributesClass' && matchesNames(selector, attributesClasses(claim))
}

/** A claim is of the class that it asks for, of the one it has, and of the one it is on its way to; others are of none. */
export function attributesClasses(object: KubeObject): readonly (string | undefined)[] {
  const { spec, status } = object as PersistentVolumeClaim
  return [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ]
}

/** Whether one of the names satisfies the selector as a label's value would; without a name, as no label does. */
function matchesNames(
  { operator, values = [] }: ScopedResourceSelectorRequirement,
  names: readonly (string | undefined)[],
): boolean {
  const given = names.filter(name => name !== undefined && name !== '')
  if (operator === 'Exists') return given.length > 0
  if (operator === 'DoesNotExist') return given.length === 0
  if (operator === 'In') return given.some(name => values.includes(name!))
  return given.length === 0 || given.some(name => !values.includes(name!))
}

function affinityTerms({ spec }: Pod): readonly PodAffinityTerm[] {
  return [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity].flatMap(affinity => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ podAffinityTerm }) => podAffinityTerm,
    ),
  ])
}

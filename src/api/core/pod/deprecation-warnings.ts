/** Warnings of labels and annotations that have had their day (pkg/api/pod/warnings.go, pkg/api/node/util.go). */
import type { NodeSelectorTerm, PodSpec } from '../../types/core-v1.gen.ts'
import type { ObjectMeta } from '../../types/meta-v1.gen.ts'
import {
  appArmorAdvice,
  appArmorOf,
  appArmorPrefix,
  containersOf,
  isSameProfile,
  seccompContainerPrefix,
  seccompPodKey,
} from './annotations.ts'

const since = (version: string, label: string) => `deprecated since ${version}; use "${label}" instead`
const nodeLabels: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', since('v1.14', 'kubernetes.io/arch')],
  ['beta.kubernetes.io/os', since('v1.14', 'kubernetes.io/os')],
  ['failure-domain.beta.kubernetes.io/region', since('v1.17', 'topology.kubernetes.io/region')],
  ['failure-domain.beta.kubernetes.io/zone', since('v1.17', 'topology.kubernetes.io/zone')],
  ['beta.kubernetes.io/instance-type', since('v1.17', 'node.kubernetes.io/instance-type')],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  [
    'scheduler.alpha.kubernetes.io/preferAvoidPods',
    'deprecated since v1.22; use Taints and Tolerations instead',
  ],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
])
const sysctls = 'non-functional in v1.11+; use the "sysctls" field instead'
const annotationAdvice: ReadonlyMap<string, string> = new Map([
  [
    'scheduler.alpha.kubernetes.io/critical-pod',
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  ],
  ['security.alpha.kubernetes.io/sysctls', sysctls],
  ['security.alpha.kubernetes.io/unsafe-sysctls', sysctls],
])
const seccomp = 'non-functional in v1.27+; use the "seccompProfile" field instead'

export interface PodPlace {
  readonly metadata: ObjectMeta | undefined
  readonly spec: PodSpec
  /** Where the template stands; empty for a pod. */
  readonly base: string
}

/** Of labels of nodes by which a pod chooses. */
export function nodeLabelWarnings({ spec }: PodPlace, path: string): string[] {
  const selector = Object.keys(spec.nodeSelector ?? {}).flatMap(key => {
    const advice = nodeLabels.get(key)
    return advice === undefined ? [] : [`${path}.nodeSelector[${key}]: ${advice}`]
  })
  const affinity = spec.affinity?.nodeAffinity
  const at = `${path}.affinity.nodeAffinity`
  const when = 'DuringSchedulingIgnoredDuringExecution'
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  return [
    ...selector,
    ...required.flatMap((term, i) => termWarnings(term, `${at}.required${when}.nodeSelectorTerms[${i}]`)),
    ...preferred.flatMap(({ preference }, i) =>
      termWarnings(preference, `${at}.preferred${when}[${i}].preference`),
    ),
    ...(spec.topologySpreadConstraints ?? []).flatMap(({ topologyKey }, i) =>
      keyWarning(topologyKey, `${path}.topologySpreadConstraints[${i}].topologyKey`),
    ),
  ]
}

function termWarnings(term: NodeSelectorTerm | undefined, path: string): string[] {
  return (term?.matchExpressions ?? []).flatMap(({ key }, i) =>
    keyWarning(key, `${path}.matchExpressions[${i}].key`),
  )
}

function keyWarning(key: string, path: string): string[] {
  const advice = nodeLabels.get(key)
  return advice === undefined ? [] : [`${path}: ${key} is ${advice}`]
}

/** Of annotations that do nothing any more. */
export function annotationWarnings(place: PodPlace): string[] {
  const { metadata, spec, base } = place
  const annotations = metadata?.annotations
  if (!annotations) return []
  const path = base === '' ? 'metadata.annotations' : `${base}.metadata.annotations`
  const old = [...annotationAdvice].flatMap(([key, advice]) =>
    Object.hasOwn(annotations, key) ? [`${path}[${key}]: ${advice}`] : [],
  )
  const ofPod =
    Object.hasOwn(annotations, seccompPodKey) && !spec.securityContext?.seccompProfile
      ? [`${path}[${seccompPodKey}]: ${seccomp}`]
      : []
  return [
    ...old,
    ...ofPod,
    ...containersOf(spec).flatMap(({ container }) => containerWarnings(container, place, path)),
  ]
}

type Placed = ReturnType<typeof containersOf>[number]['container']

function containerWarnings({ name, securityContext }: Placed, place: PodPlace, path: string): string[] {
  const annotations = place.metadata?.annotations ?? {}
  const seccompKey = seccompContainerPrefix + name
  const isLost = Object.hasOwn(annotations, seccompKey) && !securityContext?.seccompProfile
  const warnings = isLost ? [`${path}[${seccompKey}]: ${seccomp}`] : []
  const key = appArmorPrefix + name
  const annotation = annotations[key]
  // Of a pod itself it is said when its fields take the annotation over.
  if (place.base === '' || annotation === undefined || securityContext?.appArmorProfile) return warnings
  const meant = appArmorOf(annotation)
  const isSaid = meant && isSameProfile(meant, place.spec.securityContext?.appArmorProfile)
  return isSaid ? warnings : [...warnings, appArmorAdvice(path, key)]
}

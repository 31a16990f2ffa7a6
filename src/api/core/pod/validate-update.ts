/** What of a pod may change (pkg/apis/core/validation ValidatePodUpdate). */
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { inRange } from '../../../machinery/validation/values.ts'
import { sameField, sameValue } from '../../shared/same-field.ts'
import type { Container, Pod, PodSpec, Toleration } from '../../types/core-v1.gen.ts'
import { validatePodAnnotationsUpdate } from './annotations.ts'

const specType = 'k8s.io/api/core/v1.PodSpec'
const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
]

/** Images, a shorter deadline, more tolerations, fewer scheduling gates; nothing else. */
export function validatePodUpdate(pod: Pod, oldPod: Pod, errors: FieldErrors): void {
  const spec = pod.spec!
  const old = oldPod.spec!
  validatePodAnnotationsUpdate(pod, oldPod, errors)
  for (const list of ['containers', 'initContainers'] as const) {
    if ((spec[list]?.length ?? 0) !== (old[list]?.length ?? 0)) {
      const detail = 'pod updates may not add or remove containers'
      return errors.forbidden(`spec.${list}`, detail)
    }
  }
  if (!validateDeadline(spec, old, errors)) return
  validateTolerationsGrow(spec.tolerations ?? [], old.tolerations ?? [], errors)
  validateGatesShrink(spec, old, errors)
  if (sameSpec(spec, old)) return
  const rest: PodSpec = {
    ...spec,
    containers: withImages(spec.containers, old.containers),
    ...(spec.initContainers && { initContainers: withImages(spec.initContainers, old.initContainers ?? []) }),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    tolerations: old.tolerations,
  } as PodSpec
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    rest.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds!
  }
  if ((old.schedulingGates ?? []).length > 0) allowNodeChoice(rest, old, errors)
  if (!sameSpec(rest, old)) {
    errors.forbidden(
      'spec',
      `pod updates may not change fields other than ${updatable.join(',')}\n${changedFields(rest, old)}`,
    )
  }
}

function sameSpec(a: PodSpec, b: PodSpec): boolean {
  return sameValue(specType, a, b)
}

/** Names what differs. Upstream prints a Go diff here, which no client can rely on. */
function changedFields(spec: PodSpec, old: PodSpec): string {
  const fields = [...new Set([...Object.keys(spec), ...Object.keys(old)])]
  return fields
    .filter(field => !sameField(specType, field, spec, old))
    .map(field => `spec.${field}`)
    .join(', ')
}

function withImages(containers: readonly Container[], old: readonly Container[]): Container[] {
  return containers.map((container, i) => ({ ...container, image: old[i]!.image! }))
}

function validateDeadline(spec: PodSpec, old: PodSpec, errors: FieldErrors): boolean {
  const path = 'spec.activeDeadlineSeconds'
  const seconds = spec.activeDeadlineSeconds
  const before = old.activeDeadlineSeconds
  if (seconds === undefined) {
    if (before !== undefined)
      errors.invalid(path, null, 'must not update from a positive integer to nil value')
    return true
  }
  const count = errors.list.length
  inRange(seconds, [0, 2 ** 31 - 1], path, errors)
  if (errors.list.length === count && before !== undefined && before < seconds) {
    errors.invalid(path, seconds, 'must be less than or equal to previous value')
  }
  return errors.list.length === count
}

function validateTolerationsGrow(
  now: readonly Toleration[],
  old: readonly Toleration[],
  errors: FieldErrors,
): void {
  const bare = ({ tolerationSeconds: _, ...toleration }: Toleration) => toleration
  const isKept = (toleration: Toleration) =>
    now.some(candidate => sameValue('k8s.io/api/core/v1.Toleration', bare(candidate), bare(toleration)))
  if (!old.every(isKept))
    errors.forbidden(
      'spec.tolerations',
      'existing toleration can not be modified except its tolerationSeconds',
    )
}

function validateGatesShrink(spec: PodSpec, old: PodSpec, errors: FieldErrors): void {
  const before = (old.schedulingGates ?? []).map(({ name }) => name)
  const now = spec.schedulingGates ?? []
  now.forEach(({ name }, i) => {
    // Told once of each name, where it stands last.
    if (before.includes(name) || now.findLastIndex(gate => gate.name === name) !== i) return
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`
    errors.forbidden(`spec.schedulingGates[${i}].name`, detail)
  })
}

/** While a pod is gated, where it may run can still be narrowed (KEP-3838). */
function allowNodeChoice(rest: PodSpec, old: PodSpec, errors: FieldErrors): void {
  for (const [key, value] of Object.entries(old.nodeSelector ?? {})) {
    if (rest.nodeSelector?.[key] !== value) {
      errors.invalid(
        'spec.nodeSelector',
        rest.nodeSelector ?? null,
        'only additions to spec.nodeSelector are allowed (no mutations or deletions)',
      )
      break
    }
  }
  if (old.nodeSelector) rest.nodeSelector = old.nodeSelector
  else delete rest.nodeSelector
  const { nodeAffinity: _, ...others } = rest.affinity ?? {}
  const nodeAffinity = old.affinity?.nodeAffinity
  const affinity = { ...others, ...(nodeAffinity && { nodeAffinity }) }
  if (Object.keys(affinity).length > 0) rest.affinity = affinity
  else delete rest.affinity
}

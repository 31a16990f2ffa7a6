import { findCondition } from '../../../machinery/meta/conditions.ts'
import type { Subresource } from '../../define.ts'
import { sameValue } from '../../shared/same-field.ts'
import type { Container, Pod, PodCondition, PodStatus } from '../../types/core-v1.gen.ts'
import { isMirrorPod } from './annotations.ts'
import { dropPodStatusFields } from './disabled-fields.ts'
import { validateResize } from './resize.ts'
import { validatePodStatusUpdate } from './status-update.ts'
import { validatePod } from './validate.ts'
import { validateEphemeralContainers } from './validate-ephemeral.ts'
import { podStatusWarnings } from './warnings.ts'

type PodStrategy = NonNullable<Subresource<Pod>['strategy']>

/** The kubelet's and the scheduler's door: status alone, and never a loss of what was observed before. */
export const podStatusStrategy: PodStrategy = {
  prepareForUpdate(pod, old) {
    pod.status ??= {}
    mirrorAddresses(pod.status)
    dropPodStatusFields(pod.status)
    if (!pod.status.qosClass && old.status?.qosClass) pod.status.qosClass = old.status.qosClass
    if (!pod.status.observedGeneration && old.status?.observedGeneration) {
      pod.status.observedGeneration = old.status.observedGeneration
    }
    for (const condition of pod.status.conditions ?? []) keepObservedGeneration(condition, old)
    if (old.metadata.ownerReferences) pod.metadata.ownerReferences = old.metadata.ownerReferences
    else delete pod.metadata.ownerReferences
  },
  validateUpdate: validatePodStatusUpdate,
  warnings: podStatusWarnings,
}

/** The first address has two spellings; the old one alone counts for both (pkg/apis/core/v1/conversion.go). */
function mirrorAddresses(status: PodStatus): void {
  const { podIP } = status
  if (podIP && status.podIPs?.[0]?.ip !== podIP) status.podIPs = [{ ip: podIP }]
  else if (status.podIPs?.length) status.podIP = status.podIPs[0]!.ip
}

function keepObservedGeneration(condition: PodCondition, old: Pod): void {
  const before = findCondition(old.status?.conditions, condition.type)?.observedGeneration
  if (!condition.observedGeneration && before) condition.observedGeneration = before
}

/** `kubectl debug`: containers are added, never changed or taken away. */
export const ephemeralContainersStrategy: PodStrategy = {
  hasGeneration: true,
  prepareForUpdate(pod, old) {
    const ephemeralContainers = pod.spec?.ephemeralContainers
    pod.spec = structuredClone(old.spec!)
    if (ephemeralContainers) pod.spec.ephemeralContainers = ephemeralContainers
    else delete pod.spec.ephemeralContainers
  },
  validateUpdate(pod, old, errors) {
    if (isMirrorPod(old)) return errors.forbidden('[]', 'static pods do not support ephemeral containers')
    const path = 'spec.ephemeralContainers'
    const volumes = new Map((pod.spec?.volumes ?? []).map(volume => [volume.name, volume]))
    validateEphemeralContainers({ spec: pod.spec!, volumes, claimNames: new Set() }, path, errors)
    const now = new Map((pod.spec?.ephemeralContainers ?? []).map(container => [container.name, container]))
    for (const container of old.spec?.ephemeralContainers ?? []) {
      const kept = now.get(container.name)
      if (!kept)
        errors.forbidden(path, `existing ephemeral containers "${container.name}" may not be removed\n`)
      else if (!sameValue('k8s.io/api/core/v1.EphemeralContainer', kept, container)) {
        errors.forbidden(path, `existing ephemeral containers "${container.name}" may not be changed\n`)
      }
    }
  },
}

/** In-place resize (KEP-1287): resources and resizePolicy of the containers that there are. */
export const resizeStrategy: PodStrategy = {
  hasGeneration: true,
  prepareForUpdate(pod, old) {
    const wanted = pod.spec
    pod.spec = structuredClone(old.spec!)
    pod.spec.containers = withResources(pod.spec.containers, wanted?.containers ?? [])
    if (pod.spec.initContainers) {
      pod.spec.initContainers = withResources(pod.spec.initContainers, wanted?.initContainers ?? [])
    }
  },
  validate: validatePod,
  validateUpdate: validateResize,
}

function withResources(containers: readonly Container[], wanted: readonly Container[]): Container[] {
  if (containers.length !== wanted.length) return wanted.slice()
  return containers.map((container, index) => {
    const { resources, resizePolicy } = wanted[index]!
    return { ...container, ...(resources && { resources }), ...(resizePolicy && { resizePolicy }) }
  })
}

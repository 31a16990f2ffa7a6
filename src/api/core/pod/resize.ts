/** In-place resize (pkg/apis/core/validation ValidatePodResize, KEP-1287). */
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { sameValue } from '../../shared/same-field.ts'
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../types/core-v1.gen.ts'
import { isMirrorPod } from './annotations.ts'
import { qosClass } from './pod-resources.ts'

const resourcesType = 'k8s.io/api/core/v1.ResourceRequirements'
const resizable = ['cpu', 'memory']
const podLevelResources =
  'resize of pods with pod-level resources is forbidden when InPlacePodLevelResourcesVerticalScalingEnabled feature gate is disabled'

/** CPU and memory of app containers and sidecars may change, within the pod's quality of service. */
export function validateResize(pod: Pod, old: Pod, errors: FieldErrors): void {
  if (isMirrorPod(old)) return errors.forbidden('[]', 'static pods cannot be resized')
  if (old.spec?.os?.name === 'windows') return errors.forbidden('[]', 'windows pods cannot be resized')
  const spec = pod.spec!
  const before = old.spec!
  const running = old.status?.containerStatuses?.find(({ state }) => state?.running)
  if (qosClass(before) !== qosClass(spec)) {
    errors.invalid('spec', pod.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing')
  }
  if (running && !running.resources)
    errors.forbidden('spec', 'Pod running on node without support for resize')
  if (hasResources(before) || hasResources(spec)) return errors.forbidden('[]', podLevelResources)
  for (const list of ['initContainers', 'containers'] as const) {
    before[list]?.forEach((container, i) => {
      const now = spec[list]?.[i]
      if (now)
        validateContainer(now, container, list === 'containers', `spec.${list}[${i}].resources`, errors)
    })
  }
}

function hasResources({ resources: { requests = {}, limits = {} } = {} }: PodSpec): boolean {
  return Object.keys(requests).length + Object.keys(limits).length > 0
}

function validateContainer(
  now: Container,
  old: Container,
  isApp: boolean,
  path: string,
  errors: FieldErrors,
): void {
  const isSidecar = old.restartPolicy === 'Always'
  if (!isApp && !isSidecar) {
    if (!sameValue('k8s.io/api/core/v1.Container', now, old))
      errors.forbidden('spec', 'resources for non-sidecar init containers are immutable')
    return
  }
  for (const side of ['requests', 'limits'] as const) {
    const removed = Object.keys(old.resources?.[side] ?? {}).filter(
      name => now.resources?.[side]?.[name] === undefined,
    )
    if (removed.length > 0) errors.forbidden(`${path}.${side}`, `resource ${side} cannot be removed`)
  }
  if (sameValue(resourcesType, fixedPart(now.resources), fixedPart(old.resources))) return
  const which = isApp ? '' : ' for sidecar containers'
  errors.forbidden('spec', `only cpu and memory resources${which} are mutable`)
}

function fixedPart({ claims, requests = {}, limits = {} }: ResourceRequirements = {}): object {
  const others = (list: Readonly<Record<string, string>>) => {
    return Object.fromEntries(Object.entries(list).filter(([name]) => !resizable.includes(name)))
  }
  return { claims, requests: others(requests), limits: others(limits) }
}

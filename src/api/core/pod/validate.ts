/** Rules of pods and of pod templates (pkg/apis/core/validation ValidatePodSpec). */

import {
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  qualifiedNameErrors,
} from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import { validateLabels } from '../../../machinery/validation/label-selector.ts'
import { inRange, validateIp } from '../../../machinery/validation/values.ts'
import { internalValue } from '../../shared/internal-value.ts'
import type { Pod, PodSpec } from '../../types/core-v1.gen.ts'
import { validateAffinity, validateTopologySpread } from './affinity.ts'
import {
  isMirrorPod,
  validateAppArmorMatch,
  validateDeletionCost,
  validatePodAnnotations,
} from './annotations.ts'
import { type PodContext, validateContainers, validateInitContainers } from './containers.ts'
import { validateDns, validateDnsPolicy } from './dns.ts'
import { validateFileVolumes } from './env.ts'
import { validatePodLevelResources, validateResources } from './resource-requirements.ts'
import { validatePodSecurityContext } from './security-context.ts'
import { validateTolerations } from './tolerations.ts'
import { validateEphemeralContainers } from './validate-ephemeral.ts'
import { validateVolumes } from './volumes.ts'
import { validateHostProcess } from './windows-options.ts'

/** Where a PodSpec stands, and whether it is a pod or only the plan of one. */
export interface PodSpecPlace {
  readonly path: string
  readonly isPod: boolean
  /** A static pod's image in the API. Default: no. */
  readonly isMirror?: boolean
}

const restartPolicies = ['Always', 'OnFailure', 'Never']
const hostnameOverrideMax = 64

/** A new pod: ephemeral containers cannot be created with it (ValidatePodCreate). */
export function validateNewPod(pod: Pod, errors: FieldErrors): void {
  validatePod(pod, errors)
  const { annotations } = pod.metadata
  validatePodAnnotations({ annotations, spec: pod.spec!, path: 'metadata.annotations' }, errors)
  validateDeletionCost({ annotations, path: 'metadata.annotations' }, undefined, errors)
  validateAppArmorMatch({ annotations, spec: pod.spec!, path: 'spec' }, errors)
  const { ephemeralContainers = [], nodeName, schedulingGates = [] } = pod.spec!
  if (ephemeralContainers.length > 0) errors.forbidden('spec.ephemeralContainers', 'cannot be set on create')
  if (nodeName && schedulingGates.length > 0)
    errors.forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared')
}

/** Rules of a pod, new or changed. */
export function validatePod(pod: Pod, errors: FieldErrors): void {
  const spec = pod.spec!
  validatePodSpec(spec, { path: 'spec', isPod: true, isMirror: isMirrorPod(pod) }, errors)
  if (!spec.serviceAccountName) {
    spec.volumes?.forEach(({ projected }, i) => {
      projected?.sources?.forEach(({ serviceAccountToken }, j) => {
        const path = `spec.volumes[${i}].projected.sources[${j}].serviceAccountToken`
        if (serviceAccountToken)
          errors.forbidden(path, 'must not be specified when serviceAccountName is not set')
      })
    })
  }
  for (const list of ['containers', 'initContainers'] as const) {
    spec[list]?.forEach(({ image = '' }, i) => {
      if (image !== image.trim()) {
        errors.invalid(`spec.${list}[${i}].image`, image, 'must not have leading or trailing whitespace')
      }
    })
  }
}

/** Everything about a PodSpec that needs no other object. */
export function validatePodSpec(spec: PodSpec, place: PodSpecPlace, errors: FieldErrors): void {
  const { path, isPod, isMirror = false } = place
  const volumes = validateVolumes(spec.volumes ?? [], `${path}.volumes`, errors)
  const claimNames = new Set((spec.resourceClaims ?? []).map(({ name }) => name))
  const context: PodContext = { spec, volumes, claimNames }
  if (isMirror) forbidResourceClaims(spec, errors)
  else validateResourceClaims(spec, `${path}.resourceClaims`, errors)
  validateContainers(context, `${path}.containers`, errors)
  validateInitContainers(context, `${path}.initContainers`, errors)
  validateEphemeralContainers(context, `${path}.ephemeralContainers`, errors)
  validatePodLevelResources(spec, `${path}.resources`, errors)
  if (spec.hostNetwork) validateHostNetworkPorts(spec, isPod, `${path}.containers`, errors)
  if (!restartPolicies.includes(spec.restartPolicy ?? '')) {
    errors.notSupported(`${path}.restartPolicy`, spec.restartPolicy ?? '', restartPolicies)
  }
  validateDnsPolicy(spec, path, errors)
  validateLabels(spec.nodeSelector, `${path}.nodeSelector`, errors)
  validatePodSecurityContext(spec, `${path}.securityContext`, errors)
  validateAffinity(spec.affinity, `${path}.affinity`, errors)
  validateDns(spec, path, errors)
  validateGates(spec, path, errors)
  validateTopologySpread(spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`, errors)
  validateHostProcess(spec, path, errors)
  validateHostUsers(spec, path, errors)
  validateNames(spec, path, errors)
  validateTolerations(spec.tolerations ?? [], `${path}.tolerations`, errors)
  validateOthers(spec, path, errors)
  validateFileVolumes(spec, path, errors)
}

/** Their containers run before anybody could allocate a claim. */
function forbidResourceClaims({ resourceClaims = [] }: PodSpec, errors: FieldErrors): void {
  for (const _ of resourceClaims) errors.forbidden('[]', 'static pods do not support resource claims')
}

function validateResourceClaims({ resourceClaims = [] }: PodSpec, path: string, errors: FieldErrors): void {
  const seen = new Set<string>()
  resourceClaims.forEach((claim, i) => {
    const at = `${path}[${i}]`
    const shown = internalValue('k8s.io/api/core/v1.PodResourceClaim', claim)
    const { name, resourceClaimName, resourceClaimTemplateName } = claim
    if (!name) errors.required(`${at}.name`)
    else if (seen.has(name)) errors.duplicate(`${at}.name`, name)
    else invalidFor(errors, `${at}.name`, name, dns1123LabelErrors(name))
    seen.add(name)
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      const detail = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'
      errors.invalid(at, shown, detail)
    } else if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      errors.invalid(at, shown, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`')
    }
    for (const [field, claimed] of Object.entries({ resourceClaimName, resourceClaimTemplateName })) {
      if (claimed !== undefined)
        invalidFor(errors, `${at}.${field}`, claimed, dns1123SubdomainErrors(claimed))
    }
  })
}

function validateHostNetworkPorts(spec: PodSpec, isPod: boolean, path: string, errors: FieldErrors): void {
  spec.containers.forEach(({ ports = [] }, i) => {
    ports.forEach(({ hostPort = 0, containerPort }, j) => {
      if ((!isPod && hostPort === 0) || hostPort === containerPort) return
      const detail = 'must match `containerPort` when `hostNetwork` is true'
      errors.invalid(`${path}[${i}].ports[${j}].hostPort`, hostPort, detail)
    })
  })
}

function validateGates(
  { readinessGates = [], schedulingGates = [] }: PodSpec,
  path: string,
  errors: FieldErrors,
): void {
  readinessGates.forEach(({ conditionType }, i) => {
    invalidFor(
      errors,
      `${path}.readinessGates[${i}].conditionType`,
      conditionType,
      qualifiedNameErrors(conditionType),
    )
  })
  const seen = new Set<string>()
  schedulingGates.forEach(({ name }, i) => {
    invalidFor(errors, `${path}.schedulingGates[${i}]`, name, qualifiedNameErrors(name))
    if (seen.has(name)) errors.duplicate(`${path}.schedulingGates[${i}]`, name)
    seen.add(name)
  })
}

function validateHostUsers(spec: PodSpec, path: string, errors: FieldErrors): void {
  if (spec.hostUsers !== false) return
  const detail = 'when `hostUsers` is false'
  if (spec.hostNetwork) errors.forbidden(`${path}.hostNetwork`, detail)
  if (spec.hostPID) errors.forbidden(`${path}.HostPID`, detail)
  if (spec.hostIPC) errors.forbidden(`${path}.HostIPC`, detail)
}

function validateNames(spec: PodSpec, path: string, errors: FieldErrors): void {
  const { serviceAccountName, nodeName, hostname, subdomain, priorityClassName, runtimeClassName } = spec
  const subdomains = { serviceAccountName, nodeName, priorityClassName, runtimeClassName }
  for (const [field, name] of Object.entries(subdomains)) {
    // This one is a pointer: what is given is looked at, even when it is empty.
    if (name || (name === '' && field === 'runtimeClassName'))
      invalidFor(errors, `${path}.${field}`, name, dns1123SubdomainErrors(name))
  }
  for (const [field, name] of Object.entries({ hostname, subdomain })) {
    if (name) invalidFor(errors, `${path}.${field}`, name, dns1123LabelErrors(name))
  }
  const { hostnameOverride } = spec
  if (hostnameOverride === undefined) return
  const at = `${path}.hostnameOverride`
  if (spec.setHostnameAsFQDN) errors.forbidden(at, 'may not be specified when setHostnameAsFQDN is true')
  if (spec.hostNetwork) errors.forbidden(at, 'may not be specified when hostNetwork is true')
  if (hostnameOverride.length > hostnameOverrideMax) errors.tooLong(at, hostnameOverrideMax)
  invalidFor(errors, at, hostnameOverride, dns1123SubdomainErrors(hostnameOverride))
}

function validateOthers(spec: PodSpec, path: string, errors: FieldErrors): void {
  const { activeDeadlineSeconds, hostAliases = [], preemptionPolicy, overhead, os } = spec
  if (activeDeadlineSeconds !== undefined) {
    inRange(activeDeadlineSeconds, [1, 2 ** 31 - 1], `${path}.activeDeadlineSeconds`, errors)
  }
  hostAliases.forEach(({ ip, hostnames = [] }, i) => {
    validateIp(ip, `${path}.hostAliases[${i}].ip`, errors)
    hostnames.forEach((name, j) => {
      invalidFor(errors, `${path}.hostAliases[${i}].hostnames[${j}]`, name, dns1123SubdomainErrors(name))
    })
  })
  const preemptionPolicies = ['PreemptLowerPriority', 'Never']
  if (preemptionPolicy !== undefined && !preemptionPolicies.includes(preemptionPolicy)) {
    errors.notSupported(`${path}.preemptionPolicy`, preemptionPolicy, preemptionPolicies)
  }
  if (overhead) validateResources({ limits: overhead }, new Set(), `${path}.overhead`, errors)
  if (!os) return
  if (!os.name) errors.required(`${path}.os.name`)
  else if (os.name !== 'linux' && os.name !== 'windows')
    errors.notSupported(`${path}.os`, os.name, ['linux', 'windows'])
}

/** What the kubelet and the scheduler may say of a pod (pkg/apis/core/validation ValidatePodStatusUpdate). */
import { dns1123SubdomainErrors, qualifiedNameErrors } from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import { inRange, ipFamily, validateIp } from '../../../machinery/validation/values.ts'
import { immutableField } from '../../shared/same-field.ts'
import type { ContainerStatus, Pod, PodSpec } from '../../types/core-v1.gen.ts'
import { validatePodAnnotationsUpdate } from './annotations.ts'

const nonNegative = 'must be a non-negative integer'
const systemConditions = ['PodScheduled', 'Ready', 'Initialized']

/** Conditions have names, addresses are addresses, and what has ended for good does not run again. */
export function validatePodStatusUpdate(pod: Pod, old: Pod, errors: FieldErrors): void {
  const { status = {} } = pod
  const before = old.status ?? {}
  validatePodAnnotationsUpdate(pod, old, errors)
  status.conditions?.forEach(({ type, observedGeneration = 0 }, i) => {
    if (observedGeneration < 0)
      errors.invalid(`status.conditions[${i}].observedGeneration`, observedGeneration, nonNegative)
    if (systemConditions.includes(type)) return
    invalidFor(errors, `status.conditions[${i}].Type`, type, qualifiedNameErrors(type))
  })
  const { nominatedNodeName = '' } = status
  if (nominatedNodeName && nominatedNodeName !== before.nominatedNodeName) {
    invalidFor(
      errors,
      'status.nominatedNodeName',
      nominatedNodeName,
      dns1123SubdomainErrors(nominatedNodeName),
    )
  }
  const { observedGeneration = 0 } = status
  if (observedGeneration < 0) errors.invalid('status.observedGeneration', observedGeneration, nonNegative)
  immutableField('k8s.io/api/core/v1.PodStatus', 'qosClass', [status, before], 'status.qosClass', errors)
  validateTransitions(status.containerStatuses, before.containerStatuses, old.spec!, errors)
  validateClaims(pod, errors)
  validateAddresses(
    (status.podIPs ?? []).map(({ ip = '' }) => ip),
    'status.podIPs',
    errors,
  )
  const hosts = status.hostIPs ?? []
  const first = hosts[0]?.ip ?? ''
  if (hosts.length > 0 && first !== (status.hostIP ?? ''))
    errors.invalid('status.hostIPs[0].ip', first, 'must be equal to `hostIP`')
  validateAddresses(
    hosts.map(({ ip = '' }) => ip),
    'status.hostIPs',
    errors,
  )
  if ((pod.spec?.os?.name ?? 'linux') === 'linux')
    for (const list of statusLists) validateUsers(status[list] ?? [], `status.${list}`, errors)
}

const statusLists = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const

/** Claims that were made for the pod belong to entries of its spec. */
function validateClaims({ spec, status }: Pod, errors: FieldErrors): void {
  const known = new Set(spec?.resourceClaims?.map(({ name }) => name))
  const seen = new Set<string>()
  status?.resourceClaimStatuses?.forEach(({ name = '', resourceClaimName: claim }, i) => {
    const at = `status.resourceClaimStatuses[${i}].name`
    if (!known.has(name)) errors.invalid(at, name, 'must match the name of an entry in `spec.resourceClaims`')
    if (seen.has(name)) errors.duplicate(at, name)
    seen.add(name)
    if (claim !== undefined) invalidFor(errors, at, claim, dns1123SubdomainErrors(claim))
  })
}

const ids = [0, 2 ** 31 - 1] as const

function validateUsers(statuses: readonly ContainerStatus[], path: string, errors: FieldErrors): void {
  statuses.forEach(({ user }, i) => {
    if (!user?.linux) return
    const at = `${path}[${i}].user.linux`
    const { uid = 0, gid = 0, supplementalGroups = [] } = user.linux
    inRange(uid, ids, `${at}.uid`, errors)
    inRange(gid, ids, `${at}.gid`, errors)
    supplementalGroups.forEach((group, j) => {
      inRange(group, ids, `${at}.supplementalGroups[${j}]`, errors)
    })
  })
}

function validateTransitions(
  now: readonly ContainerStatus[] = [],
  old: readonly ContainerStatus[] = [],
  { restartPolicy, containers }: PodSpec,
  errors: FieldErrors,
): void {
  old.forEach(({ name, state }, i) => {
    const ended = state?.terminated
    const container = containers.find(candidate => candidate.name === name)
    if (!ended || container?.restartPolicyRules?.length) return
    const policy = container?.restartPolicy ?? restartPolicy
    if (policy === 'Always' || (policy === 'OnFailure' && ended.exitCode !== 0)) return
    const current = now.find(candidate => candidate.name === name)
    if (!current || current.state?.terminated) return
    errors.forbidden(
      `status.containerStatuses[${i}].state`,
      'may not be transitioned to non-terminated state',
    )
  })
}

function validateAddresses(addresses: readonly string[], path: string, errors: FieldErrors): void {
  addresses.forEach((ip, i) => {
    validateIp(ip, `${path}[${i}]`, errors)
  })
  const wrong = addresses.length > 1 ? addresses.findIndex(ip => ipFamily(ip) === 0) : -1
  if (wrong >= 0)
    errors.internal(
      path,
      `failed to check for dual stack with error:invalid IP[${wrong}]: ${addresses[wrong]}`,
    )
  if (addresses.length > 2 || new Set(addresses.map(ipFamily)).size < addresses.length) {
    errors.invalid(
      path,
      addresses.map(ip => ({ IP: ip })),
      'may specify no more than one IP for each IP family',
    )
  }
}

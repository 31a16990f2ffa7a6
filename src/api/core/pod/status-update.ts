/** What the kubelet and the scheduler may say of a pod (pkg/apis/core/validation ValidatePodStatusUpdate). */
import { dns1123SubdomainErrors, qualifiedNameErrors } from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import { immutable, ipFamily, validateIp } from '../../../machinery/validation/values.ts'
import type { ContainerStatus, Pod, PodSpec } from '../../types/core-v1.gen.ts'

const systemConditions = ['PodScheduled', 'Ready', 'Initialized']

/** Conditions have names, addresses are addresses, and what has ended for good does not run again. */
export function validatePodStatusUpdate({ status = {} }: Pod, old: Pod, errors: FieldErrors): void {
  const before = old.status ?? {}
  status.conditions?.forEach(({ type }, i) => {
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
  immutable(status.qosClass, before.qosClass, 'status.qosClass', errors)
  validateTransitions(status.containerStatuses, before.containerStatuses, old.spec!, errors)
  validateAddresses(
    (status.podIPs ?? []).map(({ ip = '' }) => ip),
    'status.podIPs',
    errors,
  )
  const hosts = status.hostIPs ?? []
  if (hosts.length > 0 && hosts[0]!.ip !== status.hostIP) {
    errors.invalid('status.hostIPs[0].ip', hosts[0]!.ip, 'must be equal to `hostIP`')
  }
  validateAddresses(
    hosts.map(({ ip }) => ip),
    'status.hostIPs',
    errors,
  )
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
  if (addresses.length > 2 || new Set(addresses.map(ipFamily)).size < addresses.length) {
    errors.invalid(
      path,
      addresses.map(ip => ({ IP: ip })),
      'may specify no more than one IP for each IP family',
    )
  }
}

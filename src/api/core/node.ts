import { labelValueErrors, qualifiedNameErrors } from '../../machinery/meta/names.ts'
import { none, unknown } from '../../machinery/table/cells.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { ipFamily, semanticEqual, validateCidr } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { Node, Taint } from '../types/core-v1.gen.ts'
import { validateTaintEffect } from './pod/tolerations.ts'

const rolePrefix = 'node-role.kubernetes.io/'

function roles({ metadata }: Node): string {
  const names = new Set<string>()
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) names.add(key.slice(rolePrefix.length))
    else if (key === 'kubernetes.io/role' && value) names.add(value)
  }
  return [...names].toSorted().join(',') || none
}

function statusText({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  const text = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'
  return spec?.unschedulable ? `${text},SchedulingDisabled` : text
}

const addressOf = (type: string) => (node: Node) =>
  node.status?.addresses?.find(address => address.type === type)?.address ?? none

/** Upstream names the path `metadata.taints`. */
function validateTaints(taints: readonly Taint[], path: string, errors: FieldErrors): void {
  const seen = new Set<string>()
  taints.forEach((taint, i) => {
    const { key = '', value = '', effect = '' } = taint
    const at = `${path}[${i}]`
    invalidFor(errors, `${at}.key`, key, qualifiedNameErrors(key))
    const reasons = labelValueErrors(value)
    if (reasons.length > 0) errors.invalid(`${at}.value`, value, reasons.join(';'))
    validateTaintEffect(effect, `${at}.effect`, errors)
    if (seen.has(`${effect}:${key}`)) errors.duplicate(at, taint)
    seen.add(`${effect}:${key}`)
  })
}

function validate({ spec = {} }: Node, errors: FieldErrors): void {
  validateTaints(spec.taints ?? [], 'metadata.taints', errors)
  const { podCIDRs = [] } = spec
  podCIDRs.forEach((cidr, i) => {
    validateCidr(cidr, `spec.podCIDRs[${i}]`, errors)
  })
  const families = new Set(podCIDRs.map(cidr => ipFamily(cidr.split('/')[0]!)))
  if (podCIDRs.length > 2 || families.size < podCIDRs.length) {
    errors.invalid('spec.podCIDRs', podCIDRs, 'may specify no more than one CIDR for each IP family')
  }
}

function validateUpdate({ spec = {}, status }: Node, { spec: old = {} }: Node, errors: FieldErrors): void {
  const seen = new Set<string>()
  status?.addresses?.forEach((address, i) => {
    const key = `${address.type} ${address.address}`
    if (seen.has(key)) errors.duplicate(`status.addresses[${i}]`, address)
    seen.add(key)
  })
  if (old.podCIDRs?.length && !semanticEqual(spec.podCIDRs, old.podCIDRs)) {
    errors.forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid')
  }
  if (old.providerID && old.providerID !== spec.providerID) {
    errors.forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid')
  }
  if ((spec.externalID ?? '') !== (old.externalID ?? ''))
    errors.forbidden('spec.externalID', 'may not be updated')
}

/** The two spellings of the node's address ranges say the same (pkg/apis/core/v1/conversion.go). */
function mirrorPodCidrs({ spec }: Node): void {
  if (spec?.podCIDR && !spec.podCIDRs?.length) spec.podCIDRs = [spec.podCIDR]
  else if (spec?.podCIDRs?.length) spec.podCIDR = spec.podCIDRs[0]!
}

export const nodes = defineResource<Node>('v1', 'Node', {
  strategy: {
    setDefaults(node) {
      mirrorPodCidrs(node)
      const { status } = node
      if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity }
    },
    // A kubelet registers itself with its status: nothing is cleared.
    validate,
    validateUpdate,
  },
  keepsStatusOnCreate: true,
  subresources: { status: { strategy: { validateUpdate } } },
  cells: {
    Status: statusText,
    Roles: roles,
    Version: ({ status }) => status?.nodeInfo?.kubeletVersion ?? '',
    'Internal-IP': addressOf('InternalIP'),
    'External-IP': addressOf('ExternalIP'),
    'OS-Image': ({ status }) => status?.nodeInfo?.osImage || unknown,
    'Kernel-Version': ({ status }) => status?.nodeInfo?.kernelVersion || unknown,
    'Container-Runtime': ({ status }) => status?.nodeInfo?.containerRuntimeVersion || unknown,
  },
  selectableFields: { 'spec.unschedulable': ({ spec }) => String(spec?.unschedulable ?? false) },
})

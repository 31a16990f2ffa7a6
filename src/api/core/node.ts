import { findCondition } from '../../machinery/meta/conditions.ts'
import { none, unknown } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import type { Node } from '../types/core-v1.gen.ts'
import { nodeWarnings, validateNode, validateNodeUpdate } from './node-validation.ts'

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
  const ready = findCondition(status?.conditions, 'Ready')
  const text = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'
  return spec?.unschedulable ? `${text},SchedulingDisabled` : text
}

const addressOf = (type: string) => (node: Node) =>
  node.status?.addresses?.find(address => address.type === type)?.address ?? none

/** The two spellings of the node's address ranges say the same (pkg/apis/core/v1/conversion.go). */
function mirrorPodCidrs({ spec }: Node): void {
  if (spec?.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR]
  else if (spec?.podCIDRs?.length) spec.podCIDR = spec.podCIDRs[0]!
}

export const nodes = defineResource<Node>('v1', 'Node', {
  strategy: {
    setDefaults(node) {
      mirrorPodCidrs(node)
      const { status } = node
      if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity }
    },
    // A kubelet registers itself with its status: next to nothing is cleared.
    prepareForCreate({ spec, status }) {
      delete spec?.configSource
      delete status?.config
      delete status?.declaredFeatures
    },
    prepareForUpdate({ spec }, old) {
      if (!old.spec?.configSource) delete spec?.configSource
    },
    validate: validateNode,
    validateUpdate: validateNodeUpdate,
    warnings: nodeWarnings,
  },
  keepsStatusOnCreate: true,
  subresources: {
    status: {
      strategy: {
        prepareForUpdate({ status }, old) {
          if (!old.status?.config) delete status?.config
        },
        validateUpdate: validateNodeUpdate,
      },
    },
  },
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

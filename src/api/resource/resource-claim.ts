import { immutable } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { ResourceClaim } from '../types/resource-v1.gen.ts'
import { setClaimDefaults } from './claim-defaults.ts'

function stateText({ metadata, status }: ResourceClaim): string {
  const states = metadata.deletionTimestamp ? ['deleted'] : []
  if (!status?.allocation) return metadata.deletionTimestamp ? 'deleted' : 'pending'
  states.push('allocated')
  if (status.reservedFor?.length) states.push('reserved')
  return states.join(',')
}

export const resourceClaims = defineResource<ResourceClaim>('resource.k8s.io/v1', 'ResourceClaim', {
  strategy: {
    returnsDeletedObject: true,
    setDefaults: ({ spec }) => setClaimDefaults(spec),
    validateUpdate: ({ spec }, old, errors) => immutable(spec, old.spec, 'spec', errors),
  },
  subresources: { status: { keepsMetadata: true } },
  cells: { State: stateText },
})

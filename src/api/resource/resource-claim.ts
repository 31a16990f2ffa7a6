import { type Behaviour, defineResource } from '../define-resource.ts'
import { immutableInternal } from '../shared/internal-value.ts'
import { storedBehaviour } from '../shared/stored-behaviour.ts'
import type { ResourceClaim } from '../types/resource-v1.gen.ts'
import { authorizeRequests, authorizeResults } from './admin-access.ts'
import { setClaimDefaults } from './claim-defaults.ts'
import { validateClaimStatus } from './claim-status-validation.ts'
import { validateClaimSpec } from './claim-validation.ts'
import { dropClaimFields, dropClaimStatusFields } from './disabled-fields.ts'
import { oldestClaims, oldestDeprecation } from './oldest-version.ts'

function stateText({ metadata, status }: ResourceClaim): string {
  const states = metadata.deletionTimestamp ? ['deleted'] : []
  if (!status?.allocation) return metadata.deletionTimestamp ? 'deleted' : 'pending'
  states.push('allocated')
  if (status.reservedFor?.length) states.push('reserved')
  return states.join(',')
}

function resultsOf(status: ResourceClaim['status']) {
  return status?.allocation?.devices?.results
}

const behaviour: Behaviour<ResourceClaim> = {
  strategy: {
    returnsDeletedObject: true,
    setDefaults: ({ spec }) => setClaimDefaults(spec),
    prepareForCreate: ({ spec }) => dropClaimFields(spec),
    prepareForUpdate: ({ spec }, old) => dropClaimFields(spec, old.spec),
    validateInNamespace: ({ spec }, old, labels, errors) => {
      if (!old) authorizeRequests(spec.devices?.requests, labels, errors)
    },
    validate: ({ spec }, errors) => validateClaimSpec(spec, 'spec', errors),
    validatesOnceOnly: true,
    validateUpdate: ({ spec }, old, errors) =>
      immutableInternal('k8s.io/api/resource/v1.ResourceClaimSpec', [spec, old.spec], 'spec', errors),
  },
  subresources: {
    status: {
      hasTable: false,
      keepsMetadata: true,
      strategy: {
        prepareForUpdate: dropClaimStatusFields,
        validateInNamespace: ({ status }, old, labels, errors) =>
          authorizeResults(resultsOf(status), resultsOf(old?.status), labels, errors),
        validateUpdate: validateClaimStatus,
      },
    },
  },
  cells: { State: stateText },
}

const define = (version: string, by = behaviour) =>
  defineResource<ResourceClaim>(`resource.k8s.io/${version}`, 'ResourceClaim', by)

export const resourceClaims = define('v1')
/** The same under an earlier name. */
export const resourceClaimsBeta = define('v1beta2')
export const resourceClaimsOldest = define('v1beta1', {
  ...storedBehaviour(behaviour, oldestClaims),
  deprecation: oldestDeprecation('ResourceClaim'),
})

import { none, unset } from '../../machinery/table/cells.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { defineResource } from '../define-resource.ts'
import { immutableField, sameField } from '../shared/same-field.ts'
import type { CSIDriver, CSIDriverSpec, TokenRequest } from '../types/storage-v1.gen.ts'

const specType = 'k8s.io/api/storage/v1.CSIDriverSpec'
const fixed = ['attachRequired', 'volumeLifecycleModes'] as const
const policies = ['File', 'None', 'ReadWriteOnceWithFSType']
const modes = ['Persistent', 'Ephemeral']
const tokenSecondsMin = 600
const tokenSecondsMax = 2 ** 32
const periodSecondsMin = 10
const tokensWarning =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes'

function validateDriver({ spec }: CSIDriver, errors: FieldErrors): void {
  const { fsGroupPolicy, tokenRequests = [], volumeLifecycleModes = [] } = spec
  if (fsGroupPolicy !== undefined && !policies.includes(fsGroupPolicy))
    errors.notSupported('spec.fsGroupPolicy', fsGroupPolicy, policies)
  validateTokenRequests(tokenRequests, 'spec.tokenRequests', errors)
  for (const mode of volumeLifecycleModes) {
    if (!modes.includes(mode)) errors.notSupported('spec.volumeLifecycleModes', mode, modes)
  }
  const { nodeAllocatableUpdatePeriodSeconds: period, serviceAccountTokenInSecrets: inSecrets } = spec
  if (period !== undefined && period < periodSecondsMin) {
    const detail = `must be greater than or equal to ${periodSecondsMin} seconds`
    errors.invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, detail)
  }
  if (inSecrets !== undefined && tokenRequests.length === 0) {
    const detail = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified'
    errors.invalid('spec.serviceAccountTokenInSecrets', inSecrets, detail)
  }
}

function validateTokenRequests(requests: readonly TokenRequest[], path: string, errors: FieldErrors): void {
  const audiences = new Set<string>()
  for (const [i, { audience = '', expirationSeconds: seconds }] of requests.entries()) {
    if (audiences.has(audience)) {
      errors.duplicate(`${path}[${i}].audience`, audience)
      continue
    }
    audiences.add(audience)
    if (seconds === undefined) continue
    const at = `${path}[${i}].expirationSeconds`
    if (seconds < tokenSecondsMin)
      errors.invalid(at, seconds, 'may not specify a duration less than 10 minutes')
    if (seconds > tokenSecondsMax)
      errors.invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds')
  }
}

export const csiDrivers = defineResource<CSIDriver>('storage.k8s.io/v1', 'CSIDriver', {
  strategy: {
    returnsDeletedObject: true,
    setDefaults(driver) {
      driver.spec ??= {} as CSIDriverSpec
      const { spec } = driver
      spec.attachRequired ??= true
      spec.podInfoOnMount ??= false
      spec.storageCapacity ??= false
      spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
      if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent']
      spec.requiresRepublish ??= false
      spec.seLinuxMount ??= false
    },
    validate: validateDriver,
    warnings: ({ spec }, old) =>
      spec.tokenRequests?.length &&
      spec.serviceAccountTokenInSecrets === undefined &&
      !sameField(specType, 'tokenRequests', spec, old?.spec)
        ? [tokensWarning]
        : [],
    validateUpdate({ spec }, old, errors) {
      for (const field of fixed) {
        // Upstream misspells the path of this one.
        const path = field === 'attachRequired' ? 'attachedRequired' : field
        immutableField(specType, field, [spec, old.spec], `spec.${path}`, errors)
      }
    },
    hasGeneration: 'changesOnly',
    allowUnconditionalUpdate: false,
  },
  cells: {
    AttachRequired: ({ spec }) => spec.attachRequired ?? true,
    PodInfoOnMount: ({ spec }) => spec.podInfoOnMount ?? false,
    StorageCapacity: ({ spec }) => spec.storageCapacity ?? false,
    TokenRequests: ({ spec }) => spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? unset,
    RequiresRepublish: ({ spec }) => spec.requiresRepublish ?? false,
    Modes: ({ spec }) => (spec.volumeLifecycleModes ?? []).join(',') || none,
  },
})

/** What of its own object and resources a container may be told (pkg/apis/core/validation validateObjectFieldSelector). */
import { qualifiedNameErrors } from '../../../machinery/meta/names.ts'
import { canonicalQuantity } from '../../../machinery/quantity/index.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import type { ObjectFieldSelector, ResourceFieldSelector } from '../../types/core-v1.gen.ts'

const envFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
const volumeFields = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
]
const knownFields = [
  ...new Set([
    ...envFields,
    ...volumeFields,
    'spec.restartPolicy',
    'spec.schedulerName',
    'status.phase',
    'spec.host',
  ]),
]
const resourceFields = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]
const byteUnits = [
  '1',
  ...['', 'i'].flatMap(suffix =>
    ['k', 'M', 'G', 'T', 'P', 'E'].map(unit => `1${suffix && unit === 'k' ? 'K' : unit}${suffix}`),
  ),
]

/** `fieldRef` of an environment variable or of a downward API file. */
export function validateFieldRef(
  ref: ObjectFieldSelector,
  use: 'env' | 'volume',
  path: string,
  errors: FieldErrors,
): void {
  const { fieldPath = '', apiVersion = '' } = ref
  if (!apiVersion) return errors.required(`${path}.apiVersion`)
  if (!fieldPath) return errors.required(`${path}.fieldPath`)
  const subscript = /^(.*)\['(.*)'\]$/.exec(fieldPath)
  const field = subscript?.[1] ?? fieldPath
  if (apiVersion !== 'v1') {
    return errors.invalid(
      `${path}.fieldPath`,
      fieldPath,
      `error converting fieldPath: unsupported pod version: ${apiVersion}`,
    )
  }
  if (subscript && field !== 'metadata.annotations' && field !== 'metadata.labels') {
    const detail = `error converting fieldPath: field label does not support subscript: ${fieldPath}`
    return errors.invalid(`${path}.fieldPath`, fieldPath, detail)
  }
  if (!knownFields.includes(field)) {
    const detail = `error converting fieldPath: field label not supported: ${fieldPath}`
    return errors.invalid(`${path}.fieldPath`, fieldPath, detail)
  }
  if (subscript) {
    const key = field === 'metadata.annotations' ? subscript[2]!.toLowerCase() : subscript[2]!
    return invalidFor(errors, path, key, qualifiedNameErrors(key))
  }
  const fields = use === 'env' ? envFields : volumeFields
  if (!fields.includes(field)) errors.notSupported(`${path}.fieldPath`, field, fields)
}

/** `resourceFieldRef`: a request or limit, counted in units of `divisor`. A volume must name the container. */
export function validateResourceFieldRef(
  ref: ResourceFieldSelector,
  use: 'env' | 'volume',
  path: string,
  errors: FieldErrors,
): void {
  const { containerName = '', resource = '', divisor } = ref
  if (use === 'volume' && !containerName) errors.required(`${path}.containerName`)
  else if (!resource) errors.required(`${path}.resource`)
  else if (!resourceFields.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource)) {
    errors.notSupported(`${path}.resource`, resource, resourceFields)
  }
  const unit = divisor === undefined ? '0' : canonicalQuantity(divisor)
  if (unit === '0') return
  if (!/^(limits|requests)\.(cpu$|memory$|ephemeral-storage$|hugepages-)/.test(resource)) return
  const isCpu = resource.endsWith('.cpu')
  const units = isCpu ? ['1m', '1'] : byteUnits
  if (units.includes(unit)) return
  const kinds = { cpu: 'cpu', memory: 'memory', 'ephemeral-storage': 'local ephemeral storage' } as const
  const kind = kinds[resource.slice(resource.indexOf('.') + 1) as keyof typeof kinds] ?? 'hugepages'
  const shown = isCpu ? '1m and 1' : units.join(', ')
  errors.invalid(
    `${path}.divisor`,
    resource,
    `only divisor's values ${shown} are supported with the ${kind} resource`,
  )
}

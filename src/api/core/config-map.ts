import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { configMapKeyErrors } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import { sameExactly } from '../shared/same-field.ts'
import type { ConfigMap } from '../types/core-v1.gen.ts'
import { dataScale } from './data-weight.ts'

/** What ConfigMaps and Secrets may weigh. */
export const dataBytesMax = 1024 * 1024

const weighTexts = dataScale(text => Buffer.byteLength(text))
/** Of bytes in base64. */
export const weighBytes = dataScale(text => Buffer.byteLength(text, 'base64'))

/** Notes what is wrong with a key of `field`; true when nothing is. */
export function checkDataKey(field: string, key: string, errors: FieldErrors): boolean {
  const reasons = configMapKeyErrors(key)
  invalidFor(errors, `${field}[${key}]`, key, reasons)
  return reasons.length === 0
}

function validate({ data = {}, binaryData = {} }: ConfigMap, errors: FieldErrors): void {
  const bytes =
    weighTexts(data, key => checkDataKey('data', key, errors)) +
    weighBytes(binaryData, key => checkDataKey('binaryData', key, errors))
  for (const key in binaryData) {
    if (Object.hasOwn(data, key))
      errors.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData')
  }
  if (bytes > dataBytesMax) errors.tooLong('[]', dataBytesMax)
}

function validateUpdate(configMap: ConfigMap, old: ConfigMap, errors: FieldErrors): void {
  if (!old.immutable) return
  const detail = 'field is immutable when `immutable` is set'
  if (!configMap.immutable) errors.forbidden('immutable', detail)
  for (const field of ['data', 'binaryData'] as const) {
    if (!sameExactly('k8s.io/api/core/v1.ConfigMap', field, configMap, old)) errors.forbidden(field, detail)
  }
}

export const configMaps = defineResource<ConfigMap>('v1', 'ConfigMap', {
  strategy: { validate, validateUpdate },
  cells: {
    Data: ({ data = {}, binaryData = {} }) => Object.keys(data).length + Object.keys(binaryData).length,
  },
})

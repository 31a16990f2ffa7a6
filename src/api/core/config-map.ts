import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { configMapKeyErrors, semanticEqual } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { ConfigMap } from '../types/core-v1.gen.ts'

/** What ConfigMaps and Secrets may weigh. */
export const dataBytesMax = 1024 * 1024

function validate({ data = {}, binaryData = {} }: ConfigMap, errors: FieldErrors): void {
  let bytes = 0
  for (const [key, value] of Object.entries(data)) {
    invalidFor(errors, `data[${key}]`, key, configMapKeyErrors(key))
    if (Object.hasOwn(binaryData, key))
      errors.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData')
    bytes += Buffer.byteLength(value)
  }
  for (const [key, value] of Object.entries(binaryData)) {
    invalidFor(errors, `binaryData[${key}]`, key, configMapKeyErrors(key))
    bytes += Buffer.byteLength(value ?? '', 'base64')
  }
  if (bytes > dataBytesMax) errors.tooLong('', dataBytesMax)
}

function validateUpdate(configMap: ConfigMap, old: ConfigMap, errors: FieldErrors): void {
  if (!old.immutable) return
  const detail = 'field is immutable when `immutable` is set'
  if (!configMap.immutable) errors.forbidden('immutable', detail)
  for (const field of ['data', 'binaryData'] as const) {
    if (!semanticEqual(configMap[field], old[field])) errors.forbidden(field, detail)
  }
}

export const configMaps = defineResource<ConfigMap>('v1', 'ConfigMap', {
  strategy: { validate, validateUpdate },
  cells: {
    Data: ({ data = {}, binaryData = {} }) => Object.keys(data).length + Object.keys(binaryData).length,
  },
})

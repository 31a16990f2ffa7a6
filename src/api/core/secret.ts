import { jsonKind } from '../../machinery/meta/json.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { defineResource } from '../define-resource.ts'
import { immutableField, sameExactly } from '../shared/same-field.ts'
import type { Secret } from '../types/core-v1.gen.ts'
import { checkDataKey, dataBytesMax, weighBytes } from './config-map.ts'

const accountAnnotation = 'kubernetes.io/service-account.name'
const redacted = '<secret contents redacted>'
type Rule = (secret: Secret, errors: FieldErrors) => void

const requires =
  (...keys: string[]): Rule =>
  ({ data = {} }, errors) => {
    for (const key of keys) if (!Object.hasOwn(data, key)) errors.required(`data[${key}]`)
  }

const requiresJson =
  (key: string): Rule =>
  (secret, errors) => {
    const text = secret.data?.[key]
    if (text === undefined) return errors.required(`data[${key}]`)
    const problem = jsonProblem(Buffer.from(text ?? '', 'base64').toString())
    if (problem) errors.invalid(`data[${key}]`, redacted, problem)
  }

/** Rules of the well-known types; any other type takes any data. */
const typeRules: Readonly<Record<string, Rule>> = {
  'kubernetes.io/service-account-token': ({ metadata }, errors) => {
    if (!metadata.annotations?.[accountAnnotation])
      errors.required(`metadata.annotations[${accountAnnotation}]`)
  },
  'kubernetes.io/dockercfg': requiresJson('.dockercfg'),
  'kubernetes.io/dockerconfigjson': requiresJson('.dockerconfigjson'),
  'kubernetes.io/basic-auth': (secret, errors) => {
    const { username, password } = secret.data ?? {}
    if (username === undefined && password === undefined) requires('username', 'password')(secret, errors)
  },
  'kubernetes.io/ssh-auth': ({ data }, errors) => {
    if (!data?.['ssh-privatekey']) errors.required('data[ssh-privatekey]')
  },
  'kubernetes.io/tls': requires('tls.crt', 'tls.key'),
}

/** Go's words for what is wrong with a JSON object's text; undefined for a good one. */
function jsonProblem(text: string): string | undefined {
  if (text.trim() === '') return 'unexpected end of JSON input'
  try {
    const value: unknown = JSON.parse(text)
    if (value === null || (typeof value === 'object' && !Array.isArray(value))) return undefined
    return `json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`
  } catch (error) {
    return error instanceof SyntaxError ? `invalid JSON: ${error.message}` : String(error)
  }
}

function validate(secret: Secret, errors: FieldErrors): void {
  const bytes = weighBytes(secret.data ?? {}, key => checkDataKey('data', key, errors))
  if (bytes > dataBytesMax) errors.tooLong('data', dataBytesMax)
  const type = secret.type ?? ''
  if (Object.hasOwn(typeRules, type)) typeRules[type]!(secret, errors)
}

function validateUpdate(secret: Secret, old: Secret, errors: FieldErrors): void {
  immutableField('k8s.io/api/core/v1.Secret', 'type', [secret, old], 'type', errors)
  if (!old.immutable) return
  const detail = 'field is immutable when `immutable` is set'
  if (!secret.immutable) errors.forbidden('immutable', detail)
  if (!sameExactly('k8s.io/api/core/v1.Secret', 'data', secret, old)) errors.forbidden('data', detail)
}

export const secrets = defineResource<Secret>('v1', 'Secret', {
  strategy: {
    setDefaults(secret) {
      secret.type ||= 'Opaque'
      for (const [key, text] of Object.entries(secret.stringData ?? {})) {
        secret.data = { ...secret.data, [key]: Buffer.from(text).toString('base64') }
      }
      delete secret.stringData
    },
    prepareForUpdate(secret, old) {
      if (!secret.type && old.type) secret.type = old.type
    },
    validate,
    validateUpdate,
  },
  cells: {
    Type: ({ type }) => type ?? '',
    Data: ({ data }) => Object.keys(data ?? {}).length,
  },
  selectableFields: { type: ({ type }) => type ?? '' },
})

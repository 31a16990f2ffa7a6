import { type DocumentKind, readDocument } from '../../machinery/config/document.ts'
import { dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { compileCondition } from '../remote-review/match-condition.ts'

/** apiserver.config.k8s.io/v1 AuthorizationConfiguration. */
export interface AuthorizationConfiguration {
  readonly authorizers?: readonly AuthorizerConfiguration[]
}

export interface AuthorizerConfiguration {
  readonly type?: string
  readonly name?: string
  readonly webhook?: WebhookConfiguration
}

export interface WebhookConfiguration {
  /** Durations are Go's: `5m0s`. */
  readonly authorizedTTL?: string
  readonly cacheAuthorizedRequests?: boolean
  readonly unauthorizedTTL?: string
  readonly cacheUnauthorizedRequests?: boolean
  readonly timeout?: string
  readonly subjectAccessReviewVersion?: string
  readonly matchConditionSubjectAccessReviewVersion?: string
  readonly failurePolicy?: string
  readonly connectionInfo?: { readonly type?: string; readonly kubeConfigFile?: string }
  readonly matchConditions?: readonly { readonly expression?: string }[]
}

const documentKind: DocumentKind = {
  kind: 'AuthorizationConfiguration',
  apiVersions: ['v1', 'v1beta1', 'v1alpha1'].map(version => `apiserver.config.k8s.io/${version}`),
  fields: {
    authorizers: [
      {
        fields: {
          type: 'string',
          name: 'string',
          webhook: {
            fields: {
              authorizedTTL: 'duration',
              cacheAuthorizedRequests: 'boolean',
              unauthorizedTTL: 'duration',
              cacheUnauthorizedRequests: 'boolean',
              timeout: 'duration',
              subjectAccessReviewVersion: 'string',
              matchConditionSubjectAccessReviewVersion: 'string',
              failurePolicy: 'string',
              connectionInfo: { fields: { type: 'string', kubeConfigFile: 'string' } },
              matchConditions: [{ fields: { expression: 'string' } }],
            },
          },
        },
      },
    ],
  },
}

/** Reads the file of `--authorization-config`. Throws `DocumentError`; the values are checked by `validateAuthorization`. */
export function readAuthorizationConfiguration(text: string): AuthorizationConfiguration {
  return readDocument(text, documentKind)
}

/** AlwaysAllow is missing: nobody may do everything because nobody asked. */
export const authorizerTypes: readonly string[] = ['ABAC', 'AlwaysDeny', 'Node', 'RBAC', 'Webhook']
const conditionsMax = 64

/**
 * Checks an AuthorizationConfiguration (apiserver pkg/apis/apiserver/validation). There is no AlwaysAllow, and Node
 * and RBAC cannot be left out: the rights of the cluster's own components are in them.
 */
export function validateAuthorization(
  { authorizers = [] }: AuthorizationConfiguration,
  errors: FieldErrors,
): void {
  if (authorizers.length === 0)
    return errors.required('authorizers', 'at least one authorization mode must be defined')
  const names = new Set<string>()
  const types = new Set<string>()
  for (const [i, authorizer] of authorizers.entries()) {
    const path = `authorizers[${i}]`
    const { type = '', name = '' } = authorizer
    if (!type) errors.required(`${path}.type`, '')
    else if (!authorizerTypes.includes(type)) errors.notSupported(`${path}.type`, type, authorizerTypes)
    else if (types.has(type) && type !== 'Webhook') errors.duplicate(`${path}.type`, type)
    else {
      validateName(name, names, `${path}.name`, errors)
      validateWebhookOf(authorizer, path, errors)
    }
    types.add(type)
    names.add(name)
  }
  for (const type of ['Node', 'RBAC'])
    if (!types.has(type))
      errors.required('authorizers', `${type} is missing: the cluster's own components need it`)
}

function validateName(name: string, seen: ReadonlySet<string>, path: string, errors: FieldErrors): void {
  if (!name) return errors.required(path, '')
  if (seen.has(name)) return errors.duplicate(path, name)
  const wrong = dns1123SubdomainErrors(name)
  if (wrong.length > 0) errors.invalid(path, name, `authorizer name is invalid: ${wrong.join(', ')}`)
}

function validateWebhookOf(
  { type, webhook }: AuthorizerConfiguration,
  path: string,
  errors: FieldErrors,
): void {
  if (type !== 'Webhook') {
    if (webhook) errors.invalid(`${path}.webhook`, 'non-null', 'may only be specified when type=Webhook')
  } else if (!webhook) errors.required(`${path}.webhook`, 'required when type=Webhook')
  else {
    validateChoices(webhook, path, errors)
    validateConnection(webhook.connectionInfo, `${path}.connectionInfo`, errors)
    validateConditions(webhook, path, errors)
  }
}

function validateChoices(webhook: WebhookConfiguration, path: string, errors: FieldErrors): void {
  const choices = [
    ['subjectAccessReviewVersion', ['v1', 'v1beta1']],
    ['failurePolicy', ['NoOpinion', 'Deny']],
  ] as const
  for (const [field, values] of choices) {
    const value = webhook[field] ?? ''
    if (!value) errors.required(`${path}.${field}`, '')
    else if (!(values as readonly string[]).includes(value))
      errors.notSupported(`${path}.${field}`, value, values)
  }
  const field = 'matchConditionSubjectAccessReviewVersion'
  const version = webhook[field] ?? ''
  if (version && version !== 'v1') errors.notSupported(`${path}.${field}`, version, ['v1'])
  if (!version && webhook.matchConditions?.length)
    errors.required(`${path}.${field}`, 'required if match conditions are specified')
}

const connectionTypes = ['InClusterConfig', 'KubeConfigFile']

function validateConnection(
  { type = '', kubeConfigFile = '' }: NonNullable<WebhookConfiguration['connectionInfo']> = {},
  path: string,
  errors: FieldErrors,
): void {
  if (!type) errors.required(`${path}.type`, '')
  else if (type === 'KubeConfigFile') {
    if (!kubeConfigFile) errors.required(`${path}.kubeConfigFile`, '')
    else if (!kubeConfigFile.startsWith('/'))
      errors.invalid(`${path}.kubeConfigFile`, kubeConfigFile, 'must be an absolute path')
  } else if (type === 'InClusterConfig')
    errors.invalid(`${path}.type`, type, 'this server runs in no pod; use KubeConfigFile')
  else errors.notSupported(`${path}.type`, type, connectionTypes)
}

function validateConditions(
  { matchConditions = [] }: WebhookConfiguration,
  path: string,
  errors: FieldErrors,
): void {
  if (matchConditions.length > conditionsMax)
    return errors.tooMany(`${path}.matchConditions`, matchConditions.length, conditionsMax)
  const seen = new Set<string>()
  for (const [i, { expression = '' }] of matchConditions.entries()) {
    const at = `${path}.matchConditions[${i}].expression`
    if (!expression.trim()) errors.required(at, '')
    else if (seen.has(expression)) errors.duplicate(at, expression)
    else compileCondition(expression, at, errors)
    seen.add(expression)
  }
}

/** Rules of webhook configurations (pkg/apis/admissionregistration/validation). */
import { dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateLabelSelector } from '../../machinery/validation/label-selector.ts'
import type {
  RuleWithOperations,
  ValidatingWebhook,
  WebhookClientConfig,
} from '../types/admissionregistration-v1.gen.ts'

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const timeoutSecondsMax = 30

/** Each webhook with a name of its own, at a reachable place, for some rules. */
export function validateWebhooks(webhooks: readonly ValidatingWebhook[] = [], errors: FieldErrors): void {
  const names = new Set<string>()
  webhooks.forEach((webhook, i) => {
    const path = `webhooks[${i}]`
    if (names.has(webhook.name)) errors.duplicate(`${path}.name`, webhook.name)
    names.add(webhook.name)
    validateWebhook(webhook, path, errors)
  })
}

function validateWebhook(webhook: ValidatingWebhook, path: string, errors: FieldErrors): void {
  const {
    name = '',
    failurePolicy,
    matchPolicy,
    sideEffects,
    timeoutSeconds = 0,
    admissionReviewVersions = [],
  } = webhook
  invalidFor(errors, `${path}.name`, name, dns1123SubdomainErrors(name))
  if (name.split('.').length < 3) {
    errors.invalid(`${path}.name`, name, 'should be a domain with at least three segments separated by dots')
  }
  webhook.rules?.forEach((rule, i) => {
    validateRule(rule, `${path}.rules[${i}]`, errors)
  })
  const choices = { failurePolicy: ['Fail', 'Ignore'], matchPolicy: ['Equivalent', 'Exact'] }
  if (failurePolicy !== undefined && !choices.failurePolicy.includes(failurePolicy)) {
    errors.notSupported(`${path}.failurePolicy`, failurePolicy, choices.failurePolicy)
  }
  if (matchPolicy !== undefined && !choices.matchPolicy.includes(matchPolicy)) {
    errors.notSupported(`${path}.matchPolicy`, matchPolicy, choices.matchPolicy)
  }
  const effects = ['None', 'NoneOnDryRun']
  if (!sideEffects) errors.required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun')
  else if (!effects.includes(sideEffects)) errors.notSupported(`${path}.sideEffects`, sideEffects, effects)
  if (timeoutSeconds < 1 || timeoutSeconds > timeoutSecondsMax) {
    const detail = 'the timeout value must be between 1 and 30 seconds'
    errors.invalid(`${path}.timeoutSeconds`, timeoutSeconds, detail)
  }
  if (admissionReviewVersions.length === 0) {
    const detail = 'must specify one of v1, v1beta1'
    errors.required(`${path}.admissionReviewVersions`, detail)
  }
  validateLabelSelector(webhook.namespaceSelector, `${path}.namespaceSelector`, errors)
  validateLabelSelector(webhook.objectSelector, `${path}.objectSelector`, errors)
  validateClientConfig(webhook.clientConfig ?? {}, `${path}.clientConfig`, errors)
}

function validateClientConfig(
  { url, service }: WebhookClientConfig,
  path: string,
  errors: FieldErrors,
): void {
  if ((url === undefined) === (service === undefined)) {
    return errors.required(path, 'exactly one of url or service is required')
  }
  if (url !== undefined && !url.startsWith('https://')) {
    const scheme = /^([a-z]+):/.exec(url)?.[1] ?? ''
    errors.invalid(
      `${path}.url`,
      scheme,
      `'https' is the only allowed URL scheme; desired format: https://host[/path]`,
    )
  }
  if (!service) return
  if (!service.name) errors.required(`${path}.service.name`, 'service name is required')
  if (!service.namespace) errors.required(`${path}.service.namespace`, 'service namespace is required')
}

function validateRule(rule: RuleWithOperations, path: string, errors: FieldErrors): void {
  const { apiGroups = [], apiVersions = [], resources = [] } = rule
  const named = rule.operations ?? []
  if (named.length === 0) errors.required(`${path}.operations`)
  if (named.length > 1 && named.includes('*')) {
    errors.invalid(`${path}.operations`, named, "if '*' is present, must not specify other operations")
  }
  named.forEach((operation, i) => {
    if (!operations.includes(operation))
      errors.notSupported(`${path}.operations[${i}]`, operation, operations)
  })
  for (const [field, values] of Object.entries({ apiGroups, apiVersions, resources })) {
    if (values.length === 0) errors.required(`${path}.${field}`)
    else if (values.length > 1 && values.includes('*') && field !== 'resources') {
      errors.invalid(
        `${path}.${field}`,
        values,
        `if '*' is present, must not specify other ${field === 'apiGroups' ? 'API groups' : 'API versions'}`,
      )
    }
  }
}

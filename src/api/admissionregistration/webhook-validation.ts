/** Rules of webhook configurations (pkg/apis/admissionregistration/validation). */
import { dns1035LabelErrors, dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateLabelSelector } from '../../machinery/validation/label-selector.ts'
import { validateWebhookService, validateWebhookUrl } from '../shared/webhook-place.ts'
import type {
  MutatingWebhook,
  ValidatingWebhook,
  WebhookClientConfig,
} from '../types/admissionregistration-v1.gen.ts'
import { validateMatchConditions } from './match-conditions.ts'
import { validateRule } from './rule-validation.ts'

const failurePolicies = ['Fail', 'Ignore']
const matchPolicies = ['Equivalent', 'Exact']
const reinvocationPolicies = ['IfNeeded', 'Never']
const sideEffectClasses = ['None', 'NoneOnDryRun']
const reviewVersions = ['v1', 'v1beta1']
const timeoutSecondsMax = 30

/** Each webhook with a name of its own, at a reachable place, for some rules. */
export function validateWebhooks(webhooks: readonly ValidatingWebhook[] = [], errors: FieldErrors): void {
  const names = new Set<string>()
  for (const [i, webhook] of webhooks.entries()) {
    const path = `webhooks[${i}]`
    validateWebhook(webhook, path, errors)
    validateReviewVersions(webhook.admissionReviewVersions ?? [], `${path}.admissionReviewVersions`, errors)
    if (webhook.name && names.has(webhook.name)) errors.duplicate(`${path}.name`, webhook.name)
    names.add(webhook.name)
  }
}

function validateWebhook(
  webhook: ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>,
  path: string,
  errors: FieldErrors,
): void {
  const { sideEffects, timeoutSeconds = 1, reinvocationPolicy } = webhook
  const oneOf = (field: string, value: string | undefined, choices: readonly string[]) => {
    if (value !== undefined && !choices.includes(value))
      errors.notSupported(`${path}.${field}`, value, choices)
  }
  validateName(webhook.name ?? '', `${path}.name`, errors)
  for (const [i, rule] of (webhook.rules ?? []).entries()) validateRule(rule, `${path}.rules[${i}]`, errors)
  oneOf('failurePolicy', webhook.failurePolicy, failurePolicies)
  oneOf('matchPolicy', webhook.matchPolicy, matchPolicies)
  if (!sideEffects)
    errors.required(`${path}.sideEffects`, `must specify one of ${sideEffectClasses.join(', ')}`)
  else oneOf('sideEffects', sideEffects, sideEffectClasses)
  if (timeoutSeconds < 1 || timeoutSeconds > timeoutSecondsMax) {
    const detail = 'the timeout value must be between 1 and 30 seconds'
    errors.invalid(`${path}.timeoutSeconds`, timeoutSeconds, detail)
  }
  validateLabelSelector(webhook.namespaceSelector, `${path}.namespaceSelector`, errors)
  validateLabelSelector(webhook.objectSelector, `${path}.objectSelector`, errors)
  oneOf('reinvocationPolicy', reinvocationPolicy, reinvocationPolicies)
  validateClientConfig(webhook.clientConfig ?? {}, `${path}.clientConfig`, errors)
  validateMatchConditions(webhook.matchConditions, `${path}.matchConditions`, false, errors)
}

/** A domain of at least three parts. */
function validateName(name: string, path: string, errors: FieldErrors): void {
  if (name === '') return errors.required(path)
  const faults = dns1123SubdomainErrors(name)
  if (faults.length > 0) return errors.invalid(path, name, faults.join(','))
  if (name.split('.').length < 3)
    errors.invalid(path, name, 'should be a domain with at least three segments separated by dots')
}

function validateReviewVersions(versions: readonly string[], path: string, errors: FieldErrors): void {
  if (versions.length === 0) return errors.required(path, `must specify one of ${reviewVersions.join(', ')}`)
  for (const [i, version] of versions.entries()) {
    if (versions.indexOf(version) < i) errors.invalid(`${path}[${i}]`, version, 'duplicate version')
    else invalidFor(errors, `${path}[${i}]`, version, dns1035LabelErrors(version))
  }
  if (!versions.some(version => reviewVersions.includes(version)))
    errors.invalid(path, versions, `must include at least one of ${reviewVersions.join(', ')}`)
}

function validateClientConfig(
  { url, service }: WebhookClientConfig,
  path: string,
  errors: FieldErrors,
): void {
  if ((url === undefined) === (service === undefined))
    return errors.required(path, 'exactly one of url or service is required')
  if (url !== undefined) validateWebhookUrl(url, `${path}.url`, errors)
  if (service) validateWebhookService(service, `${path}.service`, errors)
}

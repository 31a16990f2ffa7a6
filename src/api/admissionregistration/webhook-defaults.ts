import type {
  MatchResources,
  MutatingWebhook,
  ServiceReference,
  ValidatingWebhook,
  WebhookClientConfig,
} from '../types/admissionregistration-v1.gen.ts'

const timeoutSeconds = 10
const httpsPort = 443

/** SetDefaults_ValidatingWebhook, which mutating ones share. */
export function setWebhookDefaults(webhook: ValidatingWebhook | MutatingWebhook): void {
  webhook.failurePolicy ??= 'Fail'
  webhook.matchPolicy ??= 'Equivalent'
  webhook.namespaceSelector ??= {}
  webhook.objectSelector ??= {}
  webhook.timeoutSeconds ??= timeoutSeconds
  for (const rule of webhook.rules ?? []) rule.scope ??= '*'
  const service: ServiceReference | undefined = (webhook.clientConfig as WebhookClientConfig | undefined)
    ?.service
  if (service) service.port ??= httpsPort
}

/** SetDefaults_MatchResources of policies and their bindings. */
export function setMatchDefaults(match: MatchResources | undefined): void {
  if (!match) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])])
    rule.scope ??= '*'
}

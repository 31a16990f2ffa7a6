import type { AdmissionRequest } from '../../context.ts'

const policyKinds: ReadonlySet<string> = new Set([
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
])
const webhookKinds: ReadonlySet<string> = new Set([
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
])

/** Webhooks never see what configures them or policies: a wrong one could not be mended (rules.IsExemptAdmissionConfigurationResource). */
export function isExempt(request: AdmissionRequest): boolean {
  return isExemptFromPolicies(request) || isOf(request, webhookKinds)
}

/** Policies never see policies; what configures webhooks they do (policy/generic Plugin). */
export function isExemptFromPolicies(request: AdmissionRequest): boolean {
  return isOf(request, policyKinds)
}

function isOf({ kind: { group, kind } }: AdmissionRequest, kinds: ReadonlySet<string>): boolean {
  return group === 'admissionregistration.k8s.io' && kinds.has(kind)
}

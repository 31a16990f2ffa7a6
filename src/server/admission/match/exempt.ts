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

/** Of these groups all is asked and nothing stored; who stood in the way of it would break the cluster. */
const reviewGroups: ReadonlySet<string> = new Set(['authentication.k8s.io', 'authorization.k8s.io'])

/** Webhooks never see what configures them or policies: a wrong one could not be mended (rules.IsExemptAdmissionConfigurationResource). */
export function isExempt(request: AdmissionRequest): boolean {
  return isOf(request, policyKinds) || isOf(request, webhookKinds)
}

/** Policies never see policies, nor reviews (kubeapiserver admission/exclusion); what configures webhooks they do. */
export function isExemptFromPolicies(request: AdmissionRequest): boolean {
  return isOf(request, policyKinds) || reviewGroups.has(request.resource.group)
}

function isOf({ kind: { group, kind } }: AdmissionRequest, kinds: ReadonlySet<string>): boolean {
  return group === 'admissionregistration.k8s.io' && kinds.has(kind)
}

import type { AdmissionRequest } from '../../context.ts'

const exemptKinds: ReadonlySet<string> = new Set([
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
])

/** Webhooks and policies never see their own configuration: a wrong one could not be mended (rules.IsExemptAdmissionConfigurationResource). */
export function isExempt({ kind: { group, kind } }: AdmissionRequest): boolean {
  return group === 'admissionregistration.k8s.io' && exemptKinds.has(kind)
}

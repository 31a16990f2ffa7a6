/** What those are told who still use the alpha version. */
export function alphaDeprecation(kind: string): string {
  return `admissionregistration.k8s.io/v1alpha1 ${kind} is deprecated in v1.35+, unavailable in v1.38+`
}

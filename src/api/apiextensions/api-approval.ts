export const approvalAnnotation = 'api-approved.kubernetes.io'

export interface Approval {
  readonly state: 'approved' | 'bypassed' | 'missing' | 'invalid'
  readonly reason: string
}

const where = 'see https://github.com/kubernetes/enhancements/pull/1111'

/** How far an API of a community group is approved; undefined for groups that need no approval. */
export function approvalOf(
  group: string,
  annotations: Readonly<Record<string, string>> = {},
): Approval | undefined {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return undefined
  const value = annotations[approvalAnnotation] ?? ''
  const must = `protected groups must have approval annotation "${approvalAnnotation}"`
  if (value === '') return { state: 'missing', reason: `${must}, ${where}` }
  if (value.startsWith('unapproved'))
    return { state: 'bypassed', reason: `not approved: ${JSON.stringify(value)}` }
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(value)) return { state: 'approved', reason: `approved in ${value}` }
  return {
    state: 'invalid',
    reason: `${must} with either a URL or a reason starting with "unapproved", ${where}`,
  }
}

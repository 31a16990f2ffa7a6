import { type DocumentKind, readDocument } from '../../machinery/config/document.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { RequestInfo, UserInfo } from '../context.ts'

export const auditLevels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const
export type AuditLevel = (typeof auditLevels)[number]
export const auditStages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const
export type AuditStage = (typeof auditStages)[number]

/** audit.k8s.io/v1 PolicyRule. */
interface PolicyRule {
  readonly level: AuditLevel
  readonly users?: readonly string[]
  readonly userGroups?: readonly string[]
  readonly verbs?: readonly string[]
  readonly resources?: readonly GroupResources[]
  readonly namespaces?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
  readonly omitStages?: readonly AuditStage[]
  readonly omitManagedFields?: boolean
}

interface GroupResources {
  readonly group?: string
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
}

/** audit.k8s.io/v1 Policy. */
export interface AuditPolicy {
  readonly rules: readonly PolicyRule[]
  readonly omitStages?: readonly AuditStage[]
  readonly omitManagedFields?: boolean
}

const names = ['string'] as const
const document: DocumentKind = {
  kind: 'Policy',
  apiVersions: ['audit.k8s.io/v1'],
  fields: {
    metadata: { mapOf: 'string' },
    omitStages: names,
    omitManagedFields: 'boolean',
    rules: [
      {
        fields: {
          level: 'string',
          users: names,
          userGroups: names,
          verbs: names,
          resources: [{ fields: { group: 'string', resources: names, resourceNames: names } }],
          namespaces: names,
          nonResourceURLs: names,
          omitStages: names,
          omitManagedFields: 'boolean',
        },
      },
    ],
  },
}

/** What of one request is written down. */
export interface AuditScope {
  readonly level: AuditLevel
  readonly omitStages: readonly AuditStage[]
  readonly omitManagedFields: boolean
}

/** Reads a policy file; throws with every complaint in upstream's words. */
export function parseAuditPolicy(text: string): AuditPolicy {
  const policy = readDocument<AuditPolicy>(text, document)
  if (!policy.rules?.length) throw new Error('loaded illegal policy with 0 rules')
  const errors = createFieldErrors()
  validateStages(policy.omitStages, 'omitStages', errors)
  for (const [index, rule] of policy.rules.entries()) validateRule(rule, `rules[${index}]`, errors)
  if (errors.list.length > 0) {
    throw new Error(errors.list.map(({ field, message }) => `${field}: ${message}`).join(', '))
  }
  return policy
}

function validateRule(rule: PolicyRule, path: string, errors: FieldErrors): void {
  if (!rule.level) errors.required(`${path}.level`, '')
  else if (!auditLevels.includes(rule.level))
    errors.notSupported(`${path}.level`, rule.level, [...auditLevels])
  for (const [index, url] of (rule.nonResourceURLs ?? []).entries()) {
    const at = `${path}.nonResourceURLs[${index}]`
    if (url === '*') continue
    if (!url.startsWith('/'))
      errors.invalid(at, url, "non-resource URL rules must begin with a '/' character")
    if (url.slice(0, -1).includes('*'))
      errors.invalid(at, url, "non-resource URL wildcards '*' must be the final character of the rule")
  }
  for (const { resourceNames, resources } of rule.resources ?? []) {
    if (resourceNames?.length && !resources?.length)
      errors.invalid(
        `${path}.resources.resourceNames`,
        resourceNames,
        'using resourceNames requires at least one resource',
      )
  }
  if (rule.nonResourceURLs?.length && (rule.resources?.length || rule.namespaces?.length))
    errors.invalid(
      `${path}.nonResourceURLs`,
      rule.nonResourceURLs,
      'rules cannot apply to both regular resources and non-resource URLs',
    )
  validateStages(rule.omitStages, `${path}.omitStages`, errors)
}

function validateStages(stages: readonly string[] | undefined, path: string, errors: FieldErrors): void {
  for (const [index, stage] of (stages ?? []).entries()) {
    if (!(auditStages as readonly string[]).includes(stage))
      errors.invalid(`${path}[${index}]`, stage, `allowed stages are ${auditStages.join(',')}`)
  }
}

/** The scope of the first rule that matches; None when none does (apiserver pkg/audit/policy/checker.go). */
export function evaluatePolicy(
  policy: AuditPolicy,
  user: UserInfo | undefined,
  info: RequestInfo,
): AuditScope {
  const rule = policy.rules.find(each => matchesUser(each, user) && matchesRequest(each, info))
  const omitted = policy.omitStages ?? []
  return {
    level: rule?.level ?? 'None',
    omitStages: rule?.omitStages ? [...omitted, ...rule.omitStages] : omitted,
    omitManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields ?? false,
  }
}

function matchesUser({ users, userGroups }: PolicyRule, user: UserInfo | undefined): boolean {
  if (users?.length && !(user && users.includes(user.username))) return false
  return !userGroups?.length || (user?.groups.some(group => userGroups.includes(group)) ?? false)
}

function matchesRequest(rule: PolicyRule, info: RequestInfo): boolean {
  if (rule.verbs?.length && !rule.verbs.includes(info.verb)) return false
  if (rule.namespaces?.length || rule.resources?.length) return matchesResource(rule, info)
  if (!rule.nonResourceURLs?.length) return true
  return !info.isResourceRequest && rule.nonResourceURLs.some(url => matchesPath(url, info.path))
}

function matchesPath(url: string, path: string): boolean {
  return url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)))
}

function matchesResource({ namespaces, resources }: PolicyRule, info: RequestInfo): boolean {
  if (!info.isResourceRequest) return false
  if (namespaces?.length && !namespaces.includes(info.namespace)) return false
  return !resources?.length || resources.some(each => matchesGroup(each, info))
}

function matchesGroup({ group = '', resources, resourceNames }: GroupResources, info: RequestInfo): boolean {
  if (group !== info.group) return false
  if (!resources?.length) return true
  if (resourceNames?.length && !resourceNames.includes(info.name)) return false
  const { resource, subresource } = info
  const whole = subresource === '' ? resource : `${resource}/${subresource}`
  return resources.some(
    each =>
      each === '*' ||
      each === whole ||
      each === `${resource}/*` ||
      (subresource !== '' && each === `*/${subresource}`),
  )
}

import type { PolicyRule } from '../../api/types/rbac-v1.gen.ts'
import type { RequestInfo } from '../context.ts'

/** What a rule looks at. */
export type RuleTarget = Pick<
  RequestInfo,
  'isResourceRequest' | 'verb' | 'group' | 'resource' | 'subresource' | 'name' | 'path'
>

/** What somebody may do, as authorization.k8s.io/v1 SubjectRulesReviewStatus lists it. */
export interface ListedRules {
  readonly resourceRules: readonly Pick<PolicyRule, 'verbs' | 'apiGroups' | 'resources' | 'resourceNames'>[]
  readonly nonResourceRules: readonly Pick<PolicyRule, 'verbs' | 'nonResourceURLs'>[]
}

/** Whether one RBAC rule allows a request (rbac authorizer RuleAllows). */
export function ruleAllows(rule: PolicyRule, target: RuleTarget): boolean {
  if (!target.isResourceRequest) {
    return has(rule.verbs, target.verb.toLowerCase()) && pathMatches(rule.nonResourceURLs, target.path)
  }
  return (
    has(rule.verbs, target.verb) &&
    has(rule.apiGroups, target.group) &&
    resourceMatches(rule.resources, target) &&
    nameMatches(rule.resourceNames, target.name)
  )
}

/** Whether any of the rules allows a request. */
export function rulesAllow(rules: readonly PolicyRule[], target: RuleTarget): boolean {
  return rules.some(rule => ruleAllows(rule, target))
}

function has(list: readonly string[] | undefined, wanted: string): boolean {
  return list !== undefined && (list.includes(wanted) || list.includes('*'))
}

function resourceMatches(
  resources: readonly string[] | undefined,
  { resource, subresource }: RuleTarget,
): boolean {
  if (!resources) return false
  if (subresource === '') return has(resources, resource)
  return has(resources, `${resource}/${subresource}`) || resources.includes(`*/${subresource}`)
}

/** No names: every object. A request without a name (list, create) matches only then. */
function nameMatches(names: readonly string[] | undefined, name: string): boolean {
  return !names?.length || names.includes(name)
}

function pathMatches(paths: readonly string[] | undefined, path: string): boolean {
  return paths?.some(pattern => pathCovers(pattern, path)) ?? false
}

/** `/api/*` covers `/api/v1`; a star elsewhere than at the end is an ordinary character. */
export function pathCovers(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true
  return pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''))
}

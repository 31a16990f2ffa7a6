import type { AuthorizationAttributes, Decision, UserInfo } from '../context.ts'
import type { Policy } from './abac-policy.ts'
import { type ListedRules, pathCovers } from './rule.ts'

/** An authorizer over a list of policies (pkg/auth/authorizer/abac). */
export interface Abac {
  authorize(attributes: AuthorizationAttributes): Decision
  /** What the policies let a user do in a namespace. */
  rulesFor(user: UserInfo, namespace: string): ListedRules
}

/** The first policy that matches allows; none denies. */
export function createAbac(policies: readonly Policy[]): Abac {
  return {
    authorize(attributes) {
      return policies.some(policy => allows(policy, attributes))
        ? { decision: 'allow', reason: '' }
        : { decision: 'noOpinion', reason: 'No policy matched.' }
    },
    rulesFor(user, namespace) {
      const held = policies.filter(
        policy => isFor(policy, user) && (policy.namespace === '*' || policy.namespace === namespace),
      )
      const verbs = ({ readonly }: Policy) => (readonly ? readVerbs : ['*'])
      return {
        resourceRules: held
          .filter(({ resource }) => resource !== '')
          .map(each => ({ verbs: verbs(each), apiGroups: [each.apiGroup], resources: [each.resource] })),
        nonResourceRules: held
          .filter(({ nonResourcePath }) => nonResourcePath !== '')
          .map(each => ({ verbs: verbs(each), nonResourceURLs: [each.nonResourcePath] })),
      }
    },
  }
}

const readVerbs = ['get', 'list', 'watch']

function allows(policy: Policy, { user, info }: AuthorizationAttributes): boolean {
  if (!isFor(policy, user) || (policy.readonly && !readVerbs.includes(info.verb))) return false
  if (!info.isResourceRequest) return pathCovers(policy.nonResourcePath, info.path)
  return (
    isOf(policy.namespace, info.namespace) &&
    isOf(policy.resource, info.resource) &&
    isOf(policy.apiGroup, info.group)
  )
}

/** A policy that names nobody is for nobody; one that names a user and a group is for the user as a member. */
function isFor({ user, group }: Policy, { username, groups }: UserInfo): boolean {
  if (user === '' && group === '') return false
  return (user === '' || isOf(user, username)) && (group === '' || group === '*' || groups.includes(group))
}

function isOf(pattern: string, value: string): boolean {
  return pattern === '*' || pattern === value
}

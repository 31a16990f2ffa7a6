import type { AuthorizationAttributes, Authorizer, Decision, UserInfo } from '../context.ts'
import { type AuthorizerList, defaultAuthorizers } from './configured.ts'
import { isNodeUser } from './node-identity.ts'
import { aggregateText, type Rbac } from './rbac.ts'
import type { ListedRules } from './rule.ts'

/** Members may do everything; only the server's own CA can make one (apiserver user.SystemPrivilegedGroup). */
export const privilegedGroup = 'system:masters'

/** Asks each authorizer in turn until one decides; reasons of those that did not are joined by newlines. */
function unionAuthorizer(authorizers: () => readonly Authorizer[]): Authorizer {
  return async function authorizeUnion(attributes) {
    const reasons: string[] = []
    const errors: string[] = []
    for (const authorizer of authorizers()) {
      const answer = authorizer(attributes)
      const decision = answer instanceof Promise ? await answer : answer
      if (decision.decision !== 'noOpinion') return decision
      if (decision.reason) reasons.push(decision.reason)
      if (decision.error) errors.push(decision.error)
    }
    const reason = reasons.join('\n')
    return { decision: 'noOpinion', reason, ...(errors.length > 0 && { error: aggregateText(errors) }) }
  }
}

/** The server's authorizer: those of `order`, asked again for each request, after what nobody can take away. */
export function serverAuthorizer(
  own: Readonly<Record<'Node' | 'RBAC', Authorizer>>,
  order: () => AuthorizerList = () => defaultAuthorizers,
): Authorizer {
  let listed: AuthorizerList | undefined
  let all: readonly Authorizer[] = []
  return unionAuthorizer(() => {
    const list = order()
    if (list !== listed) {
      listed = list
      const named = list.map(entry => (typeof entry === 'string' ? own[entry] : entry.authorize))
      all = [authorizePrivileged, ...named]
    }
    return all
  })
}

function authorizePrivileged({ user }: AuthorizationAttributes): Decision {
  const decision = user.groups.includes(privilegedGroup) ? 'allow' : 'noOpinion'
  return { decision, reason: '' }
}

/** authorization.k8s.io/v1 SubjectRulesReviewStatus. */
export interface SubjectRulesStatus extends ListedRules {
  readonly incomplete: boolean
  readonly evaluationError?: string
}

/**
 * What a user may do in a namespace: the status of a SelfSubjectRulesReview. What the Node authorizer and webhooks
 * allow cannot be listed.
 */
export function subjectRules(
  { rbac, order }: { readonly rbac: Rbac; readonly order?: () => AuthorizerList },
  user: UserInfo,
  namespace: string,
): SubjectRulesStatus {
  const { rules, errors } = rbac.rulesFor(user, namespace)
  const node = isNodeUser(user)
  const further = (order?.() ?? []).filter(entry => typeof entry !== 'string')
  const webhook = further.some(({ rulesFor }) => rulesFor === undefined)
  const listed = further.flatMap(({ rulesFor }) => rulesFor?.(user, namespace) ?? [])
  const told = [
    ...(node ? ['node authorizer does not support user rule resolution'] : []),
    ...(webhook ? ['webhook authorizer does not support user rule resolution'] : []),
    ...errors,
  ]
  return {
    resourceRules: [...resourceRulesOf(rules), ...listed.flatMap(({ resourceRules }) => resourceRules)],
    nonResourceRules: [
      ...rules
        .filter(rule => rule.nonResourceURLs?.length)
        .map(({ verbs, nonResourceURLs = [] }) => ({ verbs, nonResourceURLs })),
      ...listed.flatMap(({ nonResourceRules }) => nonResourceRules),
    ],
    incomplete: node || webhook,
    ...(told.length > 0 && { evaluationError: aggregateText(told) }),
  }
}

function resourceRulesOf(rules: ReturnType<Rbac['rulesFor']>['rules']): ListedRules['resourceRules'] {
  return rules
    .filter(rule => rule.resources?.length)
    .map(({ verbs, apiGroups, resources, resourceNames }) => ({
      verbs,
      ...(apiGroups && { apiGroups }),
      ...(resources && { resources }),
      ...(resourceNames?.length && { resourceNames }),
    }))
}

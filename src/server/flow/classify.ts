import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../api/types/flowcontrol-v1.gen.ts'
import type { RequestInfo, UserInfo } from '../context.ts'

/** FlowSchemas in the order in which they are asked: precedence, then name. */
export function inMatchingOrder(schemas: readonly FlowSchema[]): FlowSchema[] {
  const precedence = ({ spec }: FlowSchema) => spec?.matchingPrecedence ?? 0
  return schemas.toSorted(
    (a, b) => precedence(a) - precedence(b) || (a.metadata.name! < b.metadata.name! ? -1 : 1),
  )
}

/** The rules of one schema that speak of a certain user. */
interface UserRules<T> {
  readonly entry: T
  readonly rules: readonly PolicyRulesWithSubjects[]
}

const usersMax = 1024

/**
 * Finds the first entry whose schema matches (apiserver pkg/util/flowcontrol rule.go). Which rules speak of a user is
 * worked out once for each user, boundedly, so that a request costs a look-up and few comparisons.
 */
export function createClassifier<T extends { readonly schema: FlowSchema }>(entries: readonly T[]) {
  const byUser = new Map<string, readonly UserRules<T>[]>()
  const rulesOf = (user: UserInfo) => {
    const key = `${user.username}\0${user.groups.join('\0')}`
    const known = byUser.get(key)
    if (known) return known
    const made = entries.flatMap(entry => {
      const rules = (entry.schema.spec?.rules ?? []).filter(({ subjects }) =>
        subjects.some(subject => matchesSubject(subject, user)),
      )
      return rules.length > 0 ? [{ entry, rules }] : []
    })
    if (byUser.size >= usersMax) byUser.delete(byUser.keys().next().value!)
    byUser.set(key, made)
    return made
  }
  return function classify(user: UserInfo, info: RequestInfo): T | undefined {
    for (const { entry, rules } of rulesOf(user)) {
      for (const rule of rules) if (matchesRule(rule, info)) return entry
    }
    return undefined
  }
}

const accountPrefix = 'system:serviceaccount:'

function matchesSubject(subject: Subject, { username, groups }: UserInfo): boolean {
  switch (subject.kind) {
    case 'User':
      return subject.user?.name === '*' || subject.user?.name === username
    case 'Group':
      return (
        subject.group?.name === '*' || (subject.group !== undefined && groups.includes(subject.group.name))
      )
    case 'ServiceAccount': {
      const { namespace = '', name = '' } = subject.serviceAccount ?? {}
      if (name === '*') return username.startsWith(`${accountPrefix}${namespace}:`)
      return username === `${accountPrefix}${namespace}:${name}`
    }
    default:
      return false
  }
}

function matchesRule(rule: PolicyRulesWithSubjects, info: RequestInfo): boolean {
  return info.isResourceRequest
    ? (rule.resourceRules ?? []).some(each => matchesResource(each, info))
    : (rule.nonResourceRules ?? []).some(each => matchesPath(each, info))
}

const has = (list: readonly string[], value: string) => list.includes(value) || list.includes('*')

function matchesResource(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  const resource = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`
  if (!has(rule.verbs, info.verb) || !has(rule.resources, resource) || !has(rule.apiGroups, info.group)) {
    return false
  }
  return info.namespace === '' ? rule.clusterScope === true : has(rule.namespaces ?? [], info.namespace)
}

function matchesPath(
  { verbs, nonResourceURLs }: NonResourcePolicyRule,
  { verb, path }: RequestInfo,
): boolean {
  if (!has(verbs, verb)) return false
  return nonResourceURLs.some(url => url === '*' || url === path || path.startsWith(folderOf(url)))
}

/** A path takes in everything below it, with or without a star at its end. */
function folderOf(url: string): string {
  const path = url.endsWith('*') ? url.slice(0, -1) : url
  return path.endsWith('/') ? path : `${path}/`
}

/** What tells the flows of one schema apart. */
export function distinguisherOf({ spec }: FlowSchema, user: UserInfo, info: RequestInfo): string {
  const method = spec?.distinguisherMethod?.type
  if (method === 'ByUser') return user.username
  return method === 'ByNamespace' ? info.namespace : ''
}

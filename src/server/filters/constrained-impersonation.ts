/** Acting as some users for some requests (KEP-5284; apiserver pkg/endpoints/filters/impersonation). */
import { dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import { accessDenied } from '../../machinery/status/errors.ts'
import { validateDomainPath } from '../../machinery/validation/domain-path.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { splitServiceAccountUsername } from '../authn/identity.ts'
import { aggregateText } from '../authz/rbac.ts'
import { privilegedGroup } from '../authz/union.ts'
import type { Authorizer, RequestContext, RequestInfo, UserInfo } from '../context.ts'
import { requireAllowed } from './authorization.ts'
import { impersonationCheck } from './impersonation-check.ts'

/** The user that is acted as, and the verb that allowed it. */
export interface Impersonated {
  readonly user: UserInfo
  /** Absent: the right for all requests. */
  readonly impersonationConstraint?: string
}

/** One way to be allowed: undefined where it is not meant for such a user, 403 where it does not allow. */
export type ConstrainedWay = (
  authorizer: Authorizer,
  context: RequestContext,
  target: UserInfo,
) => Promise<Impersonated | undefined>

const nodeNameKey = 'authentication.kubernetes.io/node-name'
const associatedKeys = 'authentication.kubernetes.io/associated-node-keys'
const authentication = 'authentication.k8s.io'
/** From so many on it is first asked whether all are allowed. */
const manyChecks = 4

/** In upstream's order: the node that a service account runs on, any node, service accounts, other users. */
export const constrainedWays: readonly ConstrainedWay[] = [
  way('associated-node', isOwnNode, requester => ({
    ...requester,
    extra: { [associatedKeys]: Object.keys(requester.extra ?? {}).sort() },
  })),
  way('arbitrary-node', target => hasOnlyName(target) && nodeOf(target.username) !== undefined),
  way(
    'serviceaccount',
    target => hasOnlyName(target) && splitServiceAccountUsername(target.username) !== undefined,
  ),
  way(
    'user-info',
    ({ username }) => nodeOf(username) === undefined && splitServiceAccountUsername(username) === undefined,
  ),
]

function way(
  mode: string,
  isMeant: (target: UserInfo, requester: UserInfo) => boolean,
  shown: (requester: UserInfo) => UserInfo = requester => requester,
): ConstrainedWay {
  return async (authorizer, { user: requester, info }, target) => {
    if (!isMeant(target, requester)) return undefined
    const user = shown(requester)
    const verb = `impersonate:${mode}`
    const ask = (asked: RequestInfo) => requireAllowed(authorizer, { user, info: asked })
    await ask({ ...info, verb: `impersonate-on:${mode}:${info.verb}` })
    for (const check of checksOf(target, verb)) await check(ask, user)
    return { user: withGroups(target), impersonationConstraint: verb }
  }
}

type Ask = (info: RequestInfo) => Promise<void>
type Check = (ask: Ask, requester: UserInfo) => Promise<void>

function checksOf(target: UserInfo, verb: string): readonly Check[] {
  return [
    ask => ask(nameCheck(target.username, verb)),
    async ask => {
      if (target.uid) await ask(check('uids', target.uid, verb))
    },
    (ask, requester) => askGroups(ask, requester, target.groups, verb),
    (ask, requester) => askExtra(ask, requester, target.extra ?? {}, verb),
  ]
}

function check(resource: string, name: string, verb: string, subresource = ''): RequestInfo {
  return impersonationCheck(authentication, resource, { namespace: '', name, verb }, subresource)
}

function nameCheck(username: string, verb: string): RequestInfo {
  const node = nodeOf(username)
  // Whoever may act as the own node may do so on all of them.
  if (node !== undefined) return check('nodes', verb === 'impersonate:associated-node' ? '*' : node, verb)
  const account = splitServiceAccountUsername(username)
  if (account) return impersonationCheck(authentication, 'serviceaccounts', { ...account, verb })
  return check('users', username, verb)
}

async function askGroups(
  ask: Ask,
  requester: UserInfo,
  groups: readonly string[],
  verb: string,
): Promise<void> {
  const refuse = (name: string, text: string) => denied(requester, check('groups', name, verb), text)
  if (groups.includes('')) throw refuse('', 'impersonating the empty string group is not allowed')
  if (groups.includes(privilegedGroup))
    throw refuse(privilegedGroup, `impersonating the ${privilegedGroup} group is not allowed`)
  if (groups.length >= manyChecks && (await holds(ask, check('groups', '*', verb)))) return
  for (const group of groups) await ask(check('groups', group, verb))
}

async function askExtra(
  ask: Ask,
  requester: UserInfo,
  extra: NonNullable<UserInfo['extra']>,
  verb: string,
): Promise<void> {
  const entries = Object.entries(extra)
  const fault = entries.map(([key, values]) => extraFault(key, values)).find(text => text !== undefined)
  if (fault !== undefined) throw denied(requester, check('userextras', '', verb), fault)
  const pairs = entries.flatMap(([key, values]) => values.map(value => [key, value] as const))
  const isMany = Math.max(entries.length, pairs.length) >= manyChecks
  if (isMany && (await holds(ask, check('userextras', '*', verb, '*')))) return
  for (const [key, value] of pairs) await ask(check('userextras', value, verb, key))
}

function extraFault(key: string, values: readonly string[]): string | undefined {
  if (key === '') return 'impersonating the empty string key in extra is not allowed'
  const errors = createFieldErrors()
  validateDomainPath(key, 'extra.key', errors)
  if (errors.list.length > 0) {
    const text = aggregateText(errors.list.map(({ field, message }) => `${field}: ${message}`))
    return `impersonating an invalid key in extra is not allowed: ${text}`
  }
  if (key !== key.toLowerCase())
    return `impersonating a non-lowercase key in extra is not allowed: ${JSON.stringify(key)}`
  if (values.length === 0) return 'impersonating empty values in extra is not allowed'
  return values.includes('') ? 'impersonating the empty string value in extra is not allowed' : undefined
}

function denied({ username }: UserInfo, info: RequestInfo, reason: string) {
  return accessDenied({ user: username, ...info }, reason)
}

async function holds(ask: Ask, info: RequestInfo): Promise<boolean> {
  return ask(info).then(
    () => true,
    () => false,
  )
}

function hasOnlyName({ uid, groups, extra }: UserInfo): boolean {
  return !uid && groups.length === 0 && Object.keys(extra ?? {}).length === 0
}

function nodeOf(username: string): string | undefined {
  const prefix = 'system:node:'
  if (!username.startsWith(prefix)) return undefined
  const name = username.slice(prefix.length)
  return dns1123SubdomainErrors(name).length === 0 ? name : undefined
}

function isOwnNode(target: UserInfo, requester: UserInfo): boolean {
  const node = hasOnlyName(target) ? nodeOf(target.username) : undefined
  if (node === undefined || !splitServiceAccountUsername(requester.username)) return false
  const held = requester.extra?.[nodeNameKey] ?? []
  return held.length === 1 && held[0] === node
}

/** Nodes and service accounts have the groups that their names imply. */
function withGroups(target: UserInfo): UserInfo {
  const account = splitServiceAccountUsername(target.username)
  const implied = account
    ? ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`]
    : nodeOf(target.username) === undefined
      ? target.groups
      : ['system:nodes']
  const everybody = target.username === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated'
  const isTold = implied.includes('system:unauthenticated') || implied.includes(everybody)
  return { ...target, groups: isTold ? implied : [...implied, everybody] }
}

import { quote } from '../../machinery/meta/quote.ts'
import { badRequest } from '../../machinery/status/errors.ts'
import { StatusError } from '../../machinery/status/status.ts'
import { splitServiceAccountUsername } from '../authn/identity.ts'
import type { Authorizer, Filter, RequestContext, RequestInfo, UserInfo } from '../context.ts'
import { headerValues, prefixedValues } from '../http/header-values.ts'
import { requireAllowed } from './authorization.ts'
import { type ConstrainedWay, constrainedWays } from './constrained-impersonation.ts'
import { impersonationCheck } from './impersonation-check.ts'

const userHeader = 'impersonate-user'
const uidHeader = 'impersonate-uid'
const groupHeader = 'impersonate-group'
const extraPrefix = 'impersonate-extra-'
const authentication = 'authentication.k8s.io'

/**
 * Acts as another user when the caller asks and may (apiserver pkg/endpoints/filters impersonation.go). With
 * `isConstrained` rights for some users and some requests count too (KEP-5284).
 */
export function impersonate(authorizer: Authorizer, isConstrained = false): Filter {
  const act = anyWay()
  return next =>
    async function impersonationFilter(context) {
      const target = requestedUser(context, isConstrained)
      if (!target) return next(context)
      if (isConstrained) Object.assign(context, await act(authorizer, context, target))
      else context.user = await plainUser(authorizer, context.user, target)
      return next(context)
    }
}

/** Whom a caller may act as for any request, or not at all: throws 403. */
async function plainUser(
  authorizer: Authorizer,
  user: UserInfo,
  target: UserInfo,
  checks: Checks = impersonationChecks,
): Promise<UserInfo> {
  for (const info of checks(target)) await requireAllowed(authorizer, { user, info })
  return effectiveUser(target)
}

const plainWay: ConstrainedWay = async (authorizer, { user }, target) => ({
  user: await plainUser(authorizer, user, target, checksByUid),
})
const allWays: readonly ConstrainedWay[] = [...constrainedWays, plainWay]
/** Users whose last way is remembered. */
const remembered = 10_000

/**
 * Acts by the first way that allows it, and begins with the one that the requester was last allowed by, which decides
 * what is allowed where several would, and what a refusal says: that of the first that was tried.
 */
function anyWay(): ConstrainedWay {
  const lastWays = new Map<string, ConstrainedWay>()
  return async (authorizer, context, target) => {
    const { username } = context.user
    const last = lastWays.get(username)
    let first: unknown
    for (const way of last ? [last, ...allWays.filter(other => other !== last)] : allWays) {
      try {
        const found = await way(authorizer, context, target)
        if (!found) continue
        lastWays.delete(username)
        lastWays.set(username, way)
        if (lastWays.size > remembered) lastWays.delete(lastWays.keys().next().value!)
        return found
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
        first ??= error
      }
    }
    throw first
  }
}

function requestedUser(context: RequestContext, isConstrained: boolean): UserInfo | undefined {
  const { headers } = context
  const [username = ''] = headerValues(context, userHeader)
  const groups = headerValues(context, groupHeader)
  const uid = headers[uidHeader] ?? ''
  const found = prefixedValues(context, extraPrefix)
  const extra = found.size > 0 ? Object.fromEntries(found) : undefined
  if (username !== '') return { username, groups, ...(uid && { uid }), ...(extra && { extra }) }
  if (groups.length > 0 || uid !== '' || extra) {
    const asked = { groups, uid, extra }
    const refusal = badRequest(
      isConstrained
        ? `requested ${goUser(asked)} without impersonating a user name`
        : `requested ${goReferences(asked)} without impersonating a user`,
    )
    refusal.headers = { 'x-content-type-options': 'nosniff' }
    throw refusal
  }
  return undefined
}

type Named = { readonly groups: readonly string[]; readonly uid: string; readonly extra: UserInfo['extra'] }

/** As Go prints the references that stand for the parts of a user. */
function goReferences({ groups, uid, extra }: Named): string {
  const values = Object.entries(extra ?? {}).flatMap(([key, list]) =>
    list.map(value => `{UserExtra  ${value}  ${authentication}/v1  ${key}}`),
  )
  const parts = [...groups.map(name => `{Group  ${name}    }`), ...values]
  return `[${[...parts, ...(uid ? [`{UID  ${uid}  ${authentication}/v1  }`] : [])].join(' ')}]`
}

/** As Go prints such a user with all its fields. */
function goUser({ groups, uid, extra }: Named): string {
  const list = (values: readonly string[]) =>
    values.length > 0 ? `[]string{${values.map(quote).join(', ')}}` : '[]string(nil)'
  const entries = Object.entries(extra ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const shown = entries.map(([key, values]) => `${quote(key)}:${list(values)}`).join(', ')
  const map = extra ? `map[string][]string{${shown}}` : 'map[string][]string(nil)'
  return `&user.DefaultInfo{Name:"", UID:${quote(uid)}, Groups:${list(groups)}, Extra:${map}}`
}

type Checks = (target: UserInfo) => Iterable<RequestInfo>

/** In upstream's order: the first that is not allowed is told. */
const impersonationChecks: Checks = function* (target) {
  yield nameCheck(target)
  yield* groupChecks(target)
  yield* uidCheck(target)
  yield* extraChecks(target)
}

/** Upstream's newer filter asks for the uid before the groups. */
const checksByUid: Checks = function* (target) {
  yield nameCheck(target)
  yield* uidCheck(target)
  yield* groupChecks(target)
  yield* extraChecks(target)
}

function nameCheck({ username }: UserInfo): RequestInfo {
  const account = splitServiceAccountUsername(username)
  return account
    ? impersonationCheck('', 'serviceaccounts', account)
    : impersonationCheck('', 'users', { namespace: '', name: username })
}

function groupChecks({ groups }: UserInfo): RequestInfo[] {
  return groups.map(name => impersonationCheck('', 'groups', { namespace: '', name }))
}

function uidCheck({ uid }: UserInfo): RequestInfo[] {
  return uid ? [impersonationCheck(authentication, 'uids', { namespace: '', name: uid })] : []
}

function* extraChecks(target: UserInfo): Generator<RequestInfo> {
  for (const [key, values] of Object.entries(target.extra ?? {})) {
    for (const name of values)
      yield impersonationCheck(authentication, 'userextras', { namespace: '', name }, key)
  }
}

/** The groups that upstream adds: those of a service account when none were named, and that of everybody. */
function effectiveUser(target: UserInfo): UserInfo {
  const account = splitServiceAccountUsername(target.username)
  const groups = [...target.groups]
  if (account && groups.length === 0) {
    groups.push('system:serviceaccounts', `system:serviceaccounts:${account.namespace}`)
  }
  const [everybody, decisive] =
    target.username === 'system:anonymous'
      ? ['system:unauthenticated', ['system:unauthenticated']]
      : ['system:authenticated', ['system:authenticated', 'system:unauthenticated']]
  const decided = decisive.some(group => groups.includes(group))
  return { ...target, groups: decided ? groups : [...groups, everybody] }
}

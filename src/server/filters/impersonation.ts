import { internalError } from '../../machinery/status/errors.ts'
import type { Authorizer, Filter, RequestContext, RequestInfo, UserInfo } from '../context.ts'
import { headerValues, prefixedValues } from '../http/header-values.ts'
import { requireAllowed } from './authorization.ts'

const userHeader = 'impersonate-user'
const uidHeader = 'impersonate-uid'
const groupHeader = 'impersonate-group'
const extraPrefix = 'impersonate-extra-'
const serviceAccountPrefix = 'system:serviceaccount:'

/** Acts as another user when the caller asks and may (apiserver pkg/endpoints/filters impersonation.go). */
export function impersonate(authorizer: Authorizer): Filter {
  return next =>
    async function impersonationFilter(context) {
      const target = requestedUser(context)
      if (!target) return next(context)
      for (const info of impersonationChecks(target))
        await requireAllowed(authorizer, { user: context.user, info })
      context.user = effectiveUser(target)
      return next(context)
    }
}

function requestedUser(context: RequestContext): UserInfo | undefined {
  const { headers } = context
  const [username = ''] = headerValues(context, userHeader)
  const groups = headerValues(context, groupHeader)
  const uid = headers[uidHeader] ?? ''
  const found = prefixedValues(context, extraPrefix)
  const extra = found.size > 0 ? Object.fromEntries(found) : undefined
  if (username !== '') return { username, groups, ...(uid && { uid }), ...(extra && { extra }) }
  if (groups.length > 0 || uid !== '' || extra) {
    throw internalError(`requested ${JSON.stringify({ groups, uid, extra })} without impersonating a user`)
  }
  return undefined
}

function* impersonationChecks(target: UserInfo): Generator<RequestInfo> {
  const account = serviceAccountOf(target.username)
  if (account) yield check('', 'serviceaccounts', account)
  else yield check('', 'users', { namespace: '', name: target.username })
  for (const name of target.groups) yield check('', 'groups', { namespace: '', name })
  const authentication = 'authentication.k8s.io'
  if (target.uid) yield check(authentication, 'uids', { namespace: '', name: target.uid })
  for (const [key, values] of Object.entries(target.extra ?? {})) {
    for (const name of values) yield check(authentication, 'userextras', { namespace: '', name }, key)
  }
}

function check(
  group: string,
  resource: string,
  at: { namespace: string; name: string },
  subresource = '',
): RequestInfo {
  const version = group === '' ? '' : 'v1'
  return {
    isResourceRequest: true,
    path: '',
    verb: 'impersonate',
    group,
    version,
    resource,
    subresource,
    ...at,
  }
}

function serviceAccountOf(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(serviceAccountPrefix)) return undefined
  const [namespace, name, more] = username.slice(serviceAccountPrefix.length).split(':')
  return namespace && name && more === undefined ? { namespace, name } : undefined
}

/** The groups that upstream adds: those of a service account when none were named, and that of everybody. */
function effectiveUser(target: UserInfo): UserInfo {
  const account = serviceAccountOf(target.username)
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

import { isDeepStrictEqual } from 'node:util'
import type { ClusterRole, PolicyRule, Role, RoleBinding } from '../../api/types/rbac-v1.gen.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { forbidden, notFound } from '../../machinery/status/errors.ts'
import { describeRules, quoteList, uncoveredRules } from '../authz/covers.ts'
import { aggregateText, type Rbac } from '../authz/rbac.ts'
import { privilegedGroup } from '../authz/union.ts'
import type { AdmissionPlugin, AdmissionRequest, Authorizer, RequestInfo } from '../context.ts'

const group = 'rbac.authorization.k8s.io'

const fullAuthority: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

const checks: Readonly<Record<string, (request: AdmissionRequest, guard: Guard) => Promise<void>>> = {
  roles: checkRole,
  clusterroles: checkRole,
  rolebindings: checkBinding,
  clusterrolebindings: checkBinding,
}

interface Guard {
  readonly rbac: Rbac
  readonly authorize: Authorizer
}

/**
 * Nobody grants more than they hold, unless they may `escalate` the role or `bind` to it. Upstream does this
 * in the RBAC storage (pkg/registry/rbac/…/policybased); here it is a plugin that sits last before storage.
 */
export function rbacEscalation(rbac: Rbac, authorize: Authorizer): AdmissionPlugin {
  return {
    name: 'RbacEscalation',
    handles: ({ operation, resource, info }) =>
      (operation === 'CREATE' || operation === 'UPDATE') &&
      resource.group === group &&
      info.subresource === '' &&
      resource.plural in checks,
    async validate(request) {
      if (request.user.groups.includes(privilegedGroup)) return
      await checks[request.resource.plural]!(request, { rbac, authorize })
    },
  }
}

async function checkRole(request: AdmissionRequest, { rbac, authorize }: Guard): Promise<void> {
  const { info, user, resource } = request
  const role = request.object as Role | ClusterRole
  const name = role.metadata.name ?? ''
  // What is created has no name in the request: nobody may escalate one role that is still to be.
  const asked = info.verb === 'create' ? '' : info.name
  const escalate = await authorize({
    user,
    info: { ...info, verb: 'escalate', subresource: '', version: '*', name: asked },
  })
  if (escalate.decision === 'allow' || onlyCollectorFieldsChanged(request)) return
  const target = { request, rbac, refused: { resource: resource.plural, name } }
  confirmHeld(target, role.rules ?? [])
  if (!aggregates(role) && !aggregates(request.oldObject)) return
  if (uncoveredRules(rbac.rulesFor(user, info.namespace).rules, fullAuthority).length === 0) return
  throw forbidden(
    { group, resource: resource.plural },
    name,
    'must have cluster-admin privileges to use the aggregationRule',
  )
}

function aggregates(role: KubeObject | undefined): boolean {
  return Boolean((role as ClusterRole | undefined)?.aggregationRule?.clusterRoleSelectors?.length)
}

async function checkBinding(request: AdmissionRequest, { rbac, authorize }: Guard): Promise<void> {
  const { info, user, resource } = request
  const { roleRef, metadata } = request.object as RoleBinding
  if (onlyCollectorFieldsChanged(request)) return
  const bind: RequestInfo = {
    ...info,
    verb: 'bind',
    group: roleRef.apiGroup,
    version: '*',
    resource: `${roleRef.kind.toLowerCase()}s`,
    subresource: '',
    name: roleRef.name,
  }
  const bound = await authorize({ user, info: bind })
  if (bound.decision === 'allow' && (roleRef.kind === 'Role' || roleRef.kind === 'ClusterRole')) return
  const rules = rbac.rulesOf(roleRef, info.namespace)
  // Upstream looks for the role under the name of what is asked for.
  if (!rules) throw notFound({ group, resource: request.resource.plural }, roleRef.name)
  confirmHeld({ request, rbac, refused: { resource: resource.plural, name: metadata.name ?? '' } }, rules)
}

interface Confirmation {
  readonly request: AdmissionRequest
  readonly rbac: Rbac
  readonly refused: { readonly resource: string; readonly name: string }
}

function confirmHeld(
  { request: { user, info }, rbac, refused }: Confirmation,
  wanted: readonly PolicyRule[],
): void {
  const held = rbac.rulesFor(user, info.namespace)
  const missing = uncoveredRules(held.rules, wanted)
  if (missing.length === 0) return
  const errors = held.errors.length ? `; resolution errors: ${aggregateText(held.errors)}` : ''
  const who = `user ${quote(user.username)} (groups=${quoteList(user.groups)})`
  const message = `${who} is attempting to grant RBAC permissions not currently held:\n${describeRules(missing)}${errors}`
  throw forbidden({ group, resource: refused.resource }, refused.name, message)
}

/** The garbage collector must be able to finish a deletion of what it could not create. */
export function onlyCollectorFieldsChanged({ object, oldObject }: AdmissionRequest): boolean {
  if (!object || !oldObject) return false
  return isDeepStrictEqual(withoutCollectorFields(object), withoutCollectorFields(oldObject))
}

function withoutCollectorFields(object: KubeObject): KubeObject {
  const { ownerReferences, finalizers, managedFields, resourceVersion, ...metadata } = object.metadata
  return { ...object, metadata }
}

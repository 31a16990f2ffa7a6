import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
} from '../../api/types/rbac-v1.gen.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { formatGroupResource } from '../../machinery/status/errors.ts'
import type { AuthorizationAttributes, Decision, UserInfo } from '../context.ts'
import type { Lister, Source } from '../lister.ts'
import { type BindingIndex, createBindingIndex, type Grant } from './binding-index.ts'
import { ruleAllows } from './rule.ts'

const group = 'rbac.authorization.k8s.io'

/** The four kinds that RBAC reads, from the watch cache. */
export interface RbacSource {
  readonly roles: Lister<Role>
  readonly clusterRoles: Lister<ClusterRole>
  readonly roleBindings: Source<RoleBinding>
  readonly clusterRoleBindings: Source<ClusterRoleBinding>
}

/** RBAC over live sources (upstream plugin/pkg/auth/authorizer/rbac and pkg/registry/rbac/validation). */
export interface Rbac {
  authorize(attributes: AuthorizationAttributes): Decision
  /** All rules that a user holds in a namespace, and what could not be resolved. */
  rulesFor(user: UserInfo, namespace: string): ResolvedRules
  /** The rules of one role; undefined when there is none. `namespace` is the binding's. */
  rulesOf(roleRef: RoleRef, namespace: string): readonly PolicyRule[] | undefined
}

export interface ResolvedRules {
  readonly rules: readonly PolicyRule[]
  readonly errors: readonly string[]
}

const noOpinion: Decision = { decision: 'noOpinion', reason: '' }

export function createRbac(source: RbacSource): Rbac {
  const index = createBindingIndex(source.clusterRoleBindings, source.roleBindings)
  return {
    authorize: attributes => authorize(source, index, attributes),
    rulesFor(user, namespace) {
      const rules: PolicyRule[] = []
      const errors: string[] = []
      for (const grant of grantsOf(index, user, namespace)) {
        const found = lookUp(source, grant.roleRef, grant.binding.metadata.namespace ?? '')
        if (found) rules.push(...(found.rules ?? []))
        else errors.push(missingText(grant.roleRef))
      }
      return { rules, errors }
    },
    rulesOf: (roleRef, namespace) => {
      const found = lookUp(source, roleRef, namespace)
      return found && (found.rules ?? [])
    },
  }
}

function authorize(
  source: RbacSource,
  index: BindingIndex,
  { user, info }: AuthorizationAttributes,
): Decision {
  let errors: string[] | undefined
  for (const grant of grantsOf(index, user, info.namespace)) {
    const role = lookUp(source, grant.roleRef, grant.binding.metadata.namespace ?? '')
    if (!role) {
      errors = [...(errors ?? []), missingText(grant.roleRef)]
      continue
    }
    for (const rule of role.rules ?? []) {
      if (ruleAllows(rule, info)) return { decision: 'allow', reason: `RBAC: allowed by ${describe(grant)}` }
    }
  }
  return errors ? { decision: 'noOpinion', reason: `RBAC: ${aggregateText(errors)}` } : noOpinion
}

function* grantsOf(index: BindingIndex, user: UserInfo, namespace: string): Generator<Grant> {
  yield* index.grants(user, '')
  if (namespace !== '') yield* index.grants(user, namespace)
}

function lookUp(
  source: RbacSource,
  { kind, name }: RoleRef,
  namespace: string,
): Role | ClusterRole | undefined {
  if (kind === 'ClusterRole') return source.clusterRoles.get('', name)
  return kind === 'Role' ? source.roles.get(namespace, name) : undefined
}

/** The text of client-go's lister, which names the kind in the singular. */
function missingText({ kind, name }: RoleRef): string {
  if (kind !== 'Role' && kind !== 'ClusterRole') return `unsupported role reference kind: ${quote(kind)}`
  return `${formatGroupResource({ group, resource: kind.toLowerCase() })} ${quote(name)} not found`
}

/** Several errors in one text, as upstream's error aggregate prints them. */
export function aggregateText(errors: readonly string[]): string {
  const texts = [...new Set(errors)]
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`
}

function describe({ binding, subject, roleRef }: Grant): string {
  const { name = '', namespace } = binding.metadata
  const to =
    subject.kind === 'ServiceAccount'
      ? `${subject.name}/${subject.namespace || (namespace ?? '')}`
      : subject.name
  const which =
    namespace === undefined
      ? `ClusterRoleBinding ${quote(name)}`
      : `RoleBinding ${quote(`${name}/${namespace}`)}`
  return `${which} of ${roleRef.kind} ${quote(roleRef.name)} to ${subject.kind} ${quote(to)}`
}

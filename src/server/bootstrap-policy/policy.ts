import { createFeatures, type Features } from '../../api/features/features.ts'
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../api/types/rbac-v1.gen.ts'
import { additions } from './additions.ts'
import type { CompactBinding, CompactRole, CompactRule, CompactSubject, PolicyFacts } from './facts.ts'
import { gatedPolicy } from './gated.ts'
import facts from './policy.json' with { type: 'json' }

/** All objects that a new cluster starts with. */
export interface BootstrapPolicy {
  readonly clusterRoles: readonly ClusterRole[]
  readonly clusterRoleBindings: readonly ClusterRoleBinding[]
  readonly roles: readonly Role[]
  readonly roleBindings: readonly RoleBinding[]
}

const group = 'rbac.authorization.k8s.io'
/** Bound to nobody: it is for those who run without the Node authorizer. */
const nodeRole = 'system:node'
const upstream = facts as unknown as PolicyFacts

/** What an account of kube-system may do that upstream's policy knows nothing of. */
export interface AccountRights {
  readonly account: string
  readonly rules: readonly PolicyRule[]
}

/**
 * Upstream 1.35's bootstrap roles and bindings, with those of gates that are on, Hutch's own few, and one role like those of
 * controllers for each of `accounts`.
 */
export function bootstrapPolicy(
  features: Pick<Features, 'enabled'> = createFeatures(),
  accounts: readonly AccountRights[] = [],
): BootstrapPolicy {
  const gated = gatedRights(features)
  const all = [upstream, ...gated, additions]
  const moreOf = ({ name }: CompactRole) =>
    gated.flatMap(({ moreRules, nodeRules = [] }) =>
      name === nodeRole ? nodeRules : (moreRules?.[name] ?? []),
    )
  const withMore = (role: CompactRole) => ({ ...role, rules: [...(role.rules ?? []), ...moreOf(role)] })
  return {
    clusterRoles: [
      ...all.flatMap(({ clusterRoles = [] }) => clusterRoles).map(role => toClusterRole(withMore(role))),
      ...accounts.map(({ account, rules }) => ({
        ...header('ClusterRole', { name: roleOf(account) }),
        rules: [...rules],
      })),
    ],
    clusterRoleBindings: [
      ...all.flatMap(({ clusterRoleBindings = [] }) => clusterRoleBindings),
      ...accounts.map(({ account }) => ({
        ...{ name: roleOf(account), role: roleOf(account) },
        subjects: [['ServiceAccount', account, 'kube-system']],
      })),
    ].map(toBinding),
    roles: upstream.roles.map(role => ({
      ...header('Role', role),
      rules: (role.rules ?? []).map(toRule),
    })),
    roleBindings: upstream.roleBindings.map(toBinding),
  }
}

const roleOf = (account: string) => `system:controller:${account}`

const gatedRights = (features: Pick<Features, 'enabled'>) =>
  [...gatedPolicy].flatMap(([gate, rights]) => (features.enabled(gate) ? [rights] : []))

/** What every node may do besides what depends on its pods; the Node authorizer's static rules. */
export function nodeRules(features: Pick<Features, 'enabled'> = createFeatures()): readonly PolicyRule[] {
  return [upstream, ...gatedRights(features)].flatMap(({ nodeRules = [] }) => nodeRules).map(toRule)
}

function header(kind: string, from: CompactRole | CompactBinding) {
  const labels = { ...('labels' in from ? from.labels : {}), 'kubernetes.io/bootstrapping': 'rbac-defaults' }
  return {
    apiVersion: `${group}/v1`,
    kind,
    metadata: {
      name: from.name,
      ...(from.namespace !== undefined && { namespace: from.namespace }),
      labels,
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
    },
  }
}

function toClusterRole(role: CompactRole): ClusterRole {
  const selectors = role.aggregate?.map(matchLabels => ({ matchLabels: { ...matchLabels } }))
  return {
    ...header('ClusterRole', role),
    rules: (role.rules ?? []).map(toRule),
    ...(selectors && { aggregationRule: { clusterRoleSelectors: selectors } }),
  }
}

function toRule([verbs = [], apiGroups, resources, resourceNames, nonResourceURLs]: CompactRule): PolicyRule {
  return {
    verbs: [...verbs],
    ...(apiGroups?.length && { apiGroups: [...apiGroups] }),
    ...(resources?.length && { resources: [...resources] }),
    ...(resourceNames?.length && { resourceNames: [...resourceNames] }),
    ...(nonResourceURLs?.length && { nonResourceURLs: [...nonResourceURLs] }),
  }
}

function toBinding(from: CompactBinding): RoleBinding & ClusterRoleBinding {
  return {
    ...header(from.namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding', from),
    ...(from.subjects.length > 0 && { subjects: from.subjects.map(toSubject) }),
    roleRef: { apiGroup: group, kind: from.roleKind ?? 'ClusterRole', name: from.role },
  }
}

function toSubject([kind = '', name = '', namespace]: CompactSubject): Subject {
  return kind === 'ServiceAccount'
    ? { kind, name, ...(namespace !== undefined && { namespace }) }
    : { apiGroup: group, kind, name }
}

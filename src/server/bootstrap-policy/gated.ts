import type { SwitchedGate } from '../../api/features/gates.ts'
import type { PolicyFacts } from './facts.ts'

type Rights = Pick<PolicyFacts, 'clusterRoles' | 'clusterRoleBindings'> &
  Partial<Pick<PolicyFacts, 'nodeRules'>>

/** A controller's role, bound to its account, as upstream's addControllerRole. */
function controller(name: string, rules: PolicyFacts['clusterRoles'][number]['rules']): Rights {
  const role = `system:controller:${name}`
  return {
    clusterRoles: [{ name: role, ...(rules && { rules }) }],
    clusterRoleBindings: [{ name: role, role, subjects: [['ServiceAccount', name, 'kube-system']] }],
  }
}

const readBundles = [['get', 'list', 'watch'], ['certificates.k8s.io'], ['clustertrustbundles']]
const discovery = 'system:cluster-trust-bundle-discovery'
const internal = 'internal.apiserver.k8s.io'
const migration = 'storagemigration.k8s.io'

/** What upstream's bootstrap policy has while a gate is on (plugin/pkg/auth/authorizer/rbac/bootstrappolicy). */
export const gatedPolicy: ReadonlyMap<SwitchedGate, Rights> = new Map<SwitchedGate, Rights>([
  [
    'ClusterTrustBundle',
    {
      nodeRules: [readBundles],
      clusterRoles: [
        {
          name: discovery,
          rules: [readBundles],
        },
      ],
      clusterRoleBindings: [
        { name: discovery, role: discovery, subjects: [['Group', 'system:serviceaccounts']] },
      ],
    },
  ],
  [
    'StorageVersionAPI',
    controller('storage-version-garbage-collector', [
      [['get', 'list', 'watch'], ['coordination.k8s.io'], ['leases']],
      [['delete', 'get', 'list', 'patch', 'update', 'watch'], [internal], ['storageversions']],
      [['get', 'patch', 'update'], [internal], ['storageversions/status']],
    ]),
  ],
  [
    'StorageVersionMigrator',
    controller('storage-version-migrator-controller', [
      [['create', 'list', 'patch'], ['*'], ['*']],
      [['update'], [migration], ['storageversionmigrations/status']],
    ]),
  ],
])

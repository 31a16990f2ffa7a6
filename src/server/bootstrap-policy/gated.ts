import type { SwitchedGate } from '../../api/features/gates.ts'
import type { CompactRule, PolicyFacts } from './facts.ts'

interface Rights extends Partial<Pick<PolicyFacts, 'clusterRoles' | 'clusterRoleBindings' | 'nodeRules'>> {
  /** What roles get that are there anyway, by their names. */
  readonly moreRules?: Readonly<Record<string, readonly CompactRule[]>>
}

/** A controller's role, bound to its account, as upstream's addControllerRole. */
function controller(name: string, rules: readonly CompactRule[]) {
  const role = `system:controller:${name}`
  return {
    clusterRoles: [{ name: role, rules }],
    clusterRoleBindings: [{ name: role, role, subjects: [['ServiceAccount', name, 'kube-system']] }],
  }
}

const certificates = 'certificates.k8s.io'
const podCertificates = 'podcertificaterequests'
const readBundles = [['get', 'list', 'watch'], [certificates], ['clustertrustbundles']]
const recordEvents = [['create', 'patch', 'update'], ['', 'events.k8s.io'], ['events']]
const discovery = 'system:cluster-trust-bundle-discovery'
const devices = 'resource.k8s.io'
const scheduler = 'system:kube-scheduler'
const internal = 'internal.apiserver.k8s.io'
const migration = 'storagemigration.k8s.io'

const publisher = controller('kube-apiserver-serving-clustertrustbundle-publisher', [
  [['attest'], [certificates], ['signers'], ['kubernetes.io/kube-apiserver-serving']],
  [['create', 'delete', 'list', 'update', 'watch'], [certificates], ['clustertrustbundles']],
  recordEvents,
])

/** What upstream's bootstrap policy has while a gate is on (plugin/pkg/auth/authorizer/rbac/bootstrappolicy). */
export const gatedPolicy: ReadonlyMap<SwitchedGate, Rights> = new Map<SwitchedGate, Rights>([
  [
    'ClusterTrustBundle',
    {
      nodeRules: [readBundles],
      clusterRoles: [{ name: discovery, rules: [readBundles] }, ...publisher.clusterRoles],
      clusterRoleBindings: [
        { name: discovery, role: discovery, subjects: [['Group', 'system:serviceaccounts']] },
        ...publisher.clusterRoleBindings,
      ],
    },
  ],
  [
    'DRADeviceTaints',
    controller('device-taint-eviction-controller', [
      [['delete', 'get', 'list', 'watch'], [''], ['pods']],
      [['patch', 'update'], [''], ['pods/status']],
      [['get', 'list', 'watch'], [devices], ['resourceclaims']],
      [['get', 'list', 'watch'], [devices], ['resourceslices']],
      [['get', 'list', 'watch'], [devices], ['deviceclasses']],
      recordEvents,
    ]),
  ],
  [
    'DRADeviceTaintRules',
    {
      moreRules: {
        'system:controller:device-taint-eviction-controller': [
          [['patch', 'update'], [devices], ['devicetaintrules/status']],
          [['get', 'list', 'watch'], [devices], ['devicetaintrules']],
        ],
        [scheduler]: [[['get', 'list', 'watch'], [devices], ['devicetaintrules']]],
      },
    },
  ],
  [
    'GenericWorkload',
    { moreRules: { [scheduler]: [[['get', 'list', 'watch'], ['scheduling.k8s.io'], ['workloads']]] } },
  ],
  [
    'PodCertificateRequest',
    {
      ...controller('podcertificaterequestcleaner', [
        [['delete', 'get', 'list', 'watch'], [certificates], [podCertificates]],
      ]),
      nodeRules: [[['create', 'get', 'list', 'watch'], [certificates], [podCertificates]]],
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

import {
  everybody,
  everything,
  groupSubject as group,
  mandatoryLevels,
  mandatorySchemas,
} from '../../api/flowcontrol/mandatory.ts'
import type {
  FlowSchema,
  FlowSchemaSpec,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  Subject,
} from '../../api/types/flowcontrol-v1.gen.ts'

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1'

const user = (name: string): Subject => ({ kind: 'User', user: { name } })
const systemAccounts: Subject = {
  kind: 'ServiceAccount',
  serviceAccount: { name: '*', namespace: 'kube-system' },
}
const leases = (verbs: string[]) => ({
  verbs,
  apiGroups: ['coordination.k8s.io'],
  resources: ['leases'],
  namespaces: ['*'],
})

type Row = readonly [
  name: string,
  precedence: number,
  level: string,
  method: 'ByUser' | 'ByNamespace' | undefined,
  rule: PolicyRulesWithSubjects,
]

const rows: readonly Row[] = [
  [
    'probes',
    2,
    'exempt',
    undefined,
    {
      subjects: everybody,
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
    },
  ],
  [
    'system-leader-election',
    100,
    'leader-election',
    'ByUser',
    {
      subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler'), systemAccounts],
      resourceRules: [leases(['get', 'create', 'update'])],
    },
  ],
  [
    'system-node-high',
    400,
    'node-high',
    'ByUser',
    {
      subjects: [group('system:nodes')],
      resourceRules: [
        {
          verbs: ['*'],
          apiGroups: [''],
          resources: ['nodes', 'nodes/status'],
          namespaces: ['*'],
          clusterScope: true,
        },
        leases(['*']),
      ],
    },
  ],
  ['system-nodes', 500, 'system', 'ByUser', everything(group('system:nodes'))],
  [
    'kube-controller-manager',
    800,
    'workload-high',
    'ByNamespace',
    everything(user('system:kube-controller-manager')),
  ],
  ['kube-scheduler', 800, 'workload-high', 'ByNamespace', everything(user('system:kube-scheduler'))],
  ['kube-system-service-accounts', 900, 'workload-high', 'ByNamespace', everything(systemAccounts)],
  ['service-accounts', 9000, 'workload-low', 'ByUser', everything(group('system:serviceaccounts'))],
  ['global-default', 9900, 'global-default', 'ByUser', everything(...everybody)],
]

/** Mandatory and suggested FlowSchemas of a 1.35 cluster, in order of precedence. */
export const bootstrapSchemas: readonly FlowSchema[] = [
  schema('exempt', mandatorySchemas.exempt),
  ...rows.map(([name, precedence, level, method, rule]) =>
    schema(name, {
      matchingPrecedence: precedence,
      priorityLevelConfiguration: { name: level },
      ...(method && { distinguisherMethod: { type: method } }),
      rules: [rule],
    }),
  ),
  schema('catch-all', mandatorySchemas['catch-all']),
]

function schema(name: string, spec: FlowSchemaSpec): FlowSchema {
  return { kind: 'FlowSchema', apiVersion, metadata: { name }, spec }
}

function queued(
  shares: number,
  lendable: number,
  queues: number,
  handSize = 6,
): PriorityLevelConfigurationSpec {
  const limitResponse = { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } }
  return {
    type: 'Limited',
    limited: { nominalConcurrencyShares: shares, lendablePercent: lendable, limitResponse },
  }
}

const levels: Readonly<Record<string, PriorityLevelConfigurationSpec>> = {
  exempt: mandatoryLevels.exempt,
  system: queued(30, 33, 64),
  'node-high': queued(40, 25, 64),
  'leader-election': queued(10, 0, 16, 4),
  'workload-high': queued(40, 50, 128),
  'workload-low': queued(100, 90, 128),
  'global-default': queued(20, 50, 128),
  'catch-all': mandatoryLevels['catch-all'],
}

/** Mandatory and suggested priority levels of a 1.35 cluster. */
export const bootstrapLevels: readonly PriorityLevelConfiguration[] = Object.entries(levels).map(
  ([name, spec]) => ({ kind: 'PriorityLevelConfiguration', apiVersion, metadata: { name }, spec }),
)

/** Objects that no server can do without: it takes these where the stored ones are missing. */
export const mandatoryNames: ReadonlySet<string> = new Set(Object.keys(mandatoryLevels))

/** One valid object per kind, and the path of its collection. */
export interface Sample {
  /** As cases are named: the kind, with its group and version where two share it. */
  readonly kind: string
  readonly collection: string
  readonly object: {
    readonly apiVersion: string
    readonly kind: string
    readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  }
}

const pod = { containers: [{ name: 'main', image: 'busybox', resources: { requests: { cpu: '10m' } } }] }
const labels = { app: 'oracle' }
const template = { metadata: { labels }, spec: pod }
const selector = { matchLabels: labels }
const job = { template: { spec: { ...pod, restartPolicy: 'Never' } } }
const involved = { apiVersion: 'v1', kind: 'Pod', name: 'p', namespace: 'oracle' }
const claim = {
  devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'sample-deviceclasses' } }] },
}
const webhook = {
  name: 'hook.example.org',
  clientConfig: { url: 'https://127.0.0.1:1/hook' },
  rules: [
    { apiGroups: ['absent.example.org'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['things'] },
  ],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
}
const scaled = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }
const subjects = [{ kind: 'User', name: 'nobody', apiGroup: 'rbac.authorization.k8s.io' }]
const rbac = 'rbac.authorization.k8s.io'
const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]
/** CN=oracle; its key was never kept. */
const certificateRequest =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlITE1ITUNBUUF3RVRFUE1BMEdBMVVFQXd3R2IzSm' +
  'hZMnhsTUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowRApBUWNEUWdBRTBzcnhwUzc4aUt6bWhwdUgrMlhhRkNNMkpx' +
  'c0xQWEtsS2NuSXBCZ3hTM0NoR0Q4d3luYjR3THduClRiT1QrK0tGT3hYd1ZzbDhzNWRDcXlCd2FKMjVxS0FBTUFvR0' +
  'NDcUdTTTQ5QkFNQ0EwZ0FNRVVDSVFDRTg1NDIKcEMxSm8xVFdkb1lrdzZvNzZ6eFRZeUVnQmZ3eFp5QzE4RUtKMFFJ' +
  'Z1NIUDZLOXk5TSt0dzJpZkRsN3JiV29JRQoxeGprZWhMNEQ2MWtRdnRlcFVvPQotLS0tLUVORCBDRVJUSUZJQ0FURS' +
  'BSRVFVRVNULS0tLS0K'

/** Namespaced kinds: API version, kind, plural, the rest of the object. */
const namespaced: readonly Row[] = [
  ['v1', 'ConfigMap', 'configmaps', { data: { key: 'value' } }],
  ['v1', 'Secret', 'secrets', { type: 'Opaque', stringData: { key: 'value' } }],
  [
    'v1',
    'Service',
    'services',
    { spec: { clusterIP: 'None', selector: labels, ports: [{ port: 80, targetPort: 8080 }] } },
  ],
  ['v1', 'ServiceAccount', 'serviceaccounts', {}],
  ['v1', 'Pod', 'pods', { spec: pod }],
  ['v1', 'Endpoints', 'endpoints', { subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }] }] }],
  ['v1', 'Event', 'events', { involvedObject: involved, reason: 'Because', message: 'text', type: 'Normal' }],
  [
    'v1',
    'LimitRange',
    'limitranges',
    { spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '1Ti' } }] } },
  ],
  [
    'v1',
    'PersistentVolumeClaim',
    'persistentvolumeclaims',
    { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  ],
  ['v1', 'PodTemplate', 'podtemplates', { template }],
  [
    'v1',
    'ReplicationController',
    'replicationcontrollers',
    { spec: { replicas: 1, selector: labels, template } },
  ],
  ['v1', 'ResourceQuota', 'resourcequotas', { spec: { hard: { 'count/absent.example.org': '5' } } }],
  ['apps/v1', 'ControllerRevision', 'controllerrevisions', { revision: 1, data: { a: 'b' } }],
  ['apps/v1', 'DaemonSet', 'daemonsets', { spec: { selector, template } }],
  ['apps/v1', 'Deployment', 'deployments', { spec: { replicas: 2, selector, template } }],
  ['apps/v1', 'ReplicaSet', 'replicasets', { spec: { replicas: 1, selector, template } }],
  ['apps/v1', 'StatefulSet', 'statefulsets', { spec: { serviceName: 's', selector, template } }],
  [
    'events.k8s.io/v1',
    'Event',
    'events',
    {
      eventTime: '2026-01-02T03:04:05.000006Z',
      reportingController: 'example.org/oracle',
      reportingInstance: 'one',
      action: 'Look',
      reason: 'Because',
      regarding: involved,
      note: 'text',
      type: 'Normal',
    },
  ],
  [
    'autoscaling/v1',
    'HorizontalPodAutoscaler',
    'horizontalpodautoscalers',
    { spec: { maxReplicas: 3, targetCPUUtilizationPercentage: 50, scaleTargetRef: scaled } },
  ],
  [
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    'horizontalpodautoscalers',
    { spec: { maxReplicas: 3, scaleTargetRef: scaled } },
  ],
  ['batch/v1', 'CronJob', 'cronjobs', { spec: { schedule: '*/5 * * * *', jobTemplate: { spec: job } } }],
  ['batch/v1', 'Job', 'jobs', { spec: job }],
  [
    'networking.k8s.io/v1',
    'Ingress',
    'ingresses',
    { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } },
  ],
  [
    'networking.k8s.io/v1',
    'NetworkPolicy',
    'networkpolicies',
    { spec: { podSelector: selector, ingress: [{ from: [{ podSelector: {} }] }] } },
  ],
  ['policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', { spec: { minAvailable: 1, selector } }],
  [
    `${rbac}/v1`,
    'RoleBinding',
    'rolebindings',
    { roleRef: { apiGroup: rbac, kind: 'Role', name: 'r' }, subjects },
  ],
  [`${rbac}/v1`, 'Role', 'roles', { rules }],
  [
    'storage.k8s.io/v1',
    'CSIStorageCapacity',
    'csistoragecapacities',
    { storageClassName: 'c', capacity: '1Gi' },
  ],
  ['coordination.k8s.io/v1', 'Lease', 'leases', { spec: { holderIdentity: 'me', leaseDurationSeconds: 40 } }],
  [
    'discovery.k8s.io/v1',
    'EndpointSlice',
    'endpointslices',
    {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.2.3'] }],
      ports: [{ name: 'http', port: 80 }],
    },
  ],
  ['resource.k8s.io/v1', 'ResourceClaimTemplate', 'resourceclaimtemplates', { spec: { spec: claim } }],
  ['resource.k8s.io/v1', 'ResourceClaim', 'resourceclaims', { spec: claim }],
]

const clusterWide: readonly Row[] = [
  ['v1', 'Namespace', 'namespaces', {}],
  ['v1', 'Node', 'nodes', { spec: { podCIDR: '10.9.0.0/24' } }],
  [
    'v1',
    'PersistentVolume',
    'persistentvolumes',
    {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path: '/nowhere' },
      },
    },
  ],
  [
    'apiregistration.k8s.io/v1',
    'APIService',
    'apiservices',
    {
      spec: {
        group: 'aggregated.example.org',
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 10,
        insecureSkipTLSVerify: true,
        service: { namespace: 'oracle', name: 'absent' },
      },
    },
    'v1.aggregated.example.org',
  ],
  [
    'certificates.k8s.io/v1',
    'CertificateSigningRequest',
    'certificatesigningrequests',
    { spec: { request: certificateRequest, signerName: 'example.org/signer', usages: ['client auth'] } },
  ],
  ['networking.k8s.io/v1', 'IngressClass', 'ingressclasses', { spec: { controller: 'example.org/c' } }],
  [
    'networking.k8s.io/v1',
    'IPAddress',
    'ipaddresses',
    { spec: { parentRef: { resource: 'services', namespace: 'oracle', name: 's' } } },
    '10.96.200.1',
  ],
  ['networking.k8s.io/v1', 'ServiceCIDR', 'servicecidrs', { spec: { cidrs: ['10.97.0.0/16'] } }],
  [
    `${rbac}/v1`,
    'ClusterRoleBinding',
    'clusterrolebindings',
    { roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'absent' }, subjects },
  ],
  [`${rbac}/v1`, 'ClusterRole', 'clusterroles', { rules }],
  ['storage.k8s.io/v1', 'CSIDriver', 'csidrivers', { spec: { attachRequired: false } }],
  ['storage.k8s.io/v1', 'CSINode', 'csinodes', { spec: { drivers: [{ name: 'example.org', nodeID: 'n' }] } }],
  ['storage.k8s.io/v1', 'StorageClass', 'storageclasses', { provisioner: 'example.org/p' }],
  [
    'storage.k8s.io/v1',
    'VolumeAttachment',
    'volumeattachments',
    { spec: { attacher: 'example.org', nodeName: 'n', source: { persistentVolumeName: 'v' } } },
  ],
  [
    'storage.k8s.io/v1',
    'VolumeAttributesClass',
    'volumeattributesclasses',
    { driverName: 'example.org', parameters: { a: 'b' } },
  ],
  [
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicy',
    'validatingadmissionpolicies',
    {
      spec: {
        matchConstraints: { resourceRules: webhook.rules },
        validations: [{ expression: 'object.metadata.name != "x"' }],
      },
    },
  ],
  [
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicyBinding',
    'validatingadmissionpolicybindings',
    { spec: { policyName: 'absent', validationActions: ['Deny'] } },
  ],
  [
    'admissionregistration.k8s.io/v1',
    'MutatingWebhookConfiguration',
    'mutatingwebhookconfigurations',
    { webhooks: [webhook] },
  ],
  [
    'admissionregistration.k8s.io/v1',
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
    { webhooks: [webhook] },
  ],
  ['scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', { value: 10 }],
  ['node.k8s.io/v1', 'RuntimeClass', 'runtimeclasses', { handler: 'plain' }],
  [
    'resource.k8s.io/v1',
    'DeviceClass',
    'deviceclasses',
    { spec: { selectors: [{ cel: { expression: 'true' } }] } },
  ],
  [
    'resource.k8s.io/v1',
    'ResourceSlice',
    'resourceslices',
    {
      spec: {
        driver: 'example.org',
        nodeName: 'n',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        devices: [{ name: 'd' }],
      },
    },
  ],
  [
    'flowcontrol.apiserver.k8s.io/v1',
    'FlowSchema',
    'flowschemas',
    {
      spec: {
        priorityLevelConfiguration: { name: 'exempt' },
        matchingPrecedence: 9000,
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'nobody-at-all' } }],
            nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/nowhere'] }],
          },
        ],
      },
    },
  ],
  [
    'flowcontrol.apiserver.k8s.io/v1',
    'PriorityLevelConfiguration',
    'prioritylevelconfigurations',
    {
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } } },
    },
  ],
]

export type Row = readonly [apiVersion: string, kind: string, plural: string, rest: object, name?: string]

export const samples: readonly Sample[] = [
  ...namespaced.map(row => toSample(row, '/namespaces/oracle')),
  ...clusterWide.map(row => toSample(row, '')),
]

/** `place`: the namespace's part of a path, empty for what lies in none. */
export function toSample(
  [apiVersion, kind, plural, rest, name = `sample-${plural}`]: Row,
  place: string,
): Sample {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const metadata = { name, labels: { oracle: 'yes' } }
  const isShared =
    kind === 'Event' || kind === 'HorizontalPodAutoscaler' || /v\d+(alpha|beta)/.test(apiVersion)
  return {
    kind: isShared ? `${kind} of ${apiVersion}` : kind,
    collection: `${root}${place}/${plural}`,
    object: { apiVersion, kind, metadata, ...rest },
  }
}

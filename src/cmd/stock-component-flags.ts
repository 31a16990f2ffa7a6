/** Programs of upstream's that are parts of this one. */
export type Program = 'kube-controller-manager' | 'kube-scheduler'

type Absent = readonly (readonly [names: string, why: string])[]

/** What both programs have and a part of one process needs not. */
const shared: Absent = [
  [
    'bind-address cert-dir disable-http2-serving http2-max-streams-per-connection permit-address-sharing permit-port-sharing secure-port tls-cert-file tls-cipher-suites tls-min-version tls-private-key-file tls-sni-cert-key',
    'It listens nowhere: health and metrics of all parts are told by the API server, see its flags.',
  ],
  [
    'authentication-kubeconfig authentication-skip-lookup authentication-token-webhook-cache-ttl authentication-tolerate-lookup-failure authorization-always-allow-paths authorization-kubeconfig authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl client-ca-file requestheader-allowed-names requestheader-client-ca-file requestheader-extra-headers-prefix requestheader-group-headers requestheader-uid-headers requestheader-username-headers',
    'Nobody calls it: whoever asks for its health or metrics asks the API server.',
  ],
  [
    'kube-api-burst kube-api-content-type kube-api-qps kubeconfig master',
    'It works in the process of the API server, under its own identity and without a network in between.',
  ],
  [
    'leader-elect leader-elect-lease-duration leader-elect-renew-deadline leader-elect-resource-lock leader-elect-resource-name leader-elect-resource-namespace leader-elect-retry-period',
    "Alone nobody is elected; of servers that share an etcd one is, by upstream's lease and times.",
  ],
  ['emulated-version min-compatibility-version', 'Hutch is 1.35 and emulates nothing else.'],
  ['feature-gates', 'Use --feature-gates of the server, which are for all of its parts.'],
  ['contention-profiling profiling', 'See --profiling of the server: profiles are of the whole process.'],
  [
    'allow-metric-labels allow-metric-labels-manifest disabled-metrics show-hidden-metrics-for-version',
    'All metrics are told, and none is hidden.',
  ],
  [
    'log-flush-frequency log-json-info-buffer-size log-json-split-stream log-text-info-buffer-size log-text-split-stream logging-format v vmodule',
    'Logs are lines on standard error, written at once; see --log-level of the server.',
  ],
  ['version', 'Ask "hutch --version".'],
]

const ofControllers: Absent = [
  [
    'enable-leader-migration leader-migration-config',
    'There is one controller manager: nothing moves from one to another.',
  ],
  [
    'allocate-node-cidrs cidr-allocator-type cluster-cidr node-cidr-mask-size node-cidr-mask-size-ipv4 node-cidr-mask-size-ipv6 service-cluster-ip-range',
    'Use --cluster-cidr and --service-cidr of the server; each node takes a /24 or a /64 of the pods.',
  ],
  [
    'cloud-config cloud-provider external-cloud-volume-plugin configure-cloud-routes route-reconciliation-period cluster-name concurrent-service-syncs',
    'There is no cloud in it; run the cloud controller manager of yours.',
  ],
  [
    'controller-shutdown-timeout controller-start-interval min-resync-period',
    'Controllers start together, end together and look at nothing twice without a cause.',
  ],
  ['use-service-account-credentials', 'Each controller always has the rights of its own account alone.'],
  [
    'attach-detach-reconcile-sync-period disable-attach-detach-reconcile-sync disable-force-detach-on-timeout',
    'No volume is attached to a node by anybody but the node.',
  ],
  [
    'enable-dynamic-provisioning enable-hostpath-provisioner flex-volume-plugin-dir pv-recycler-increment-timeout-nfs pv-recycler-minimum-timeout-hostpath pv-recycler-minimum-timeout-nfs pv-recycler-pod-template-filepath-hostpath pv-recycler-pod-template-filepath-nfs pv-recycler-timeout-increment-hostpath',
    'Volumes are provisioned by provisioners outside of the controllers, and not recycled.',
  ],
  [
    'pvclaimbinder-sync-period namespace-sync-period resource-quota-sync-period endpoint-updates-batch-period endpointslice-updates-batch-period mirroring-endpointslice-updates-batch-period',
    'Controllers are woken by changes, not by the clock.',
  ],
  [
    'max-endpoints-per-slice mirroring-max-endpoints-per-subset',
    'A slice holds 100 endpoints, of a mirrored subset 1,000.',
  ],
  [
    'cluster-signing-cert-file cluster-signing-duration cluster-signing-key-file cluster-signing-kube-apiserver-client-cert-file cluster-signing-kube-apiserver-client-key-file cluster-signing-kubelet-client-cert-file cluster-signing-kubelet-client-key-file cluster-signing-kubelet-serving-cert-file cluster-signing-kubelet-serving-key-file cluster-signing-legacy-unknown-cert-file cluster-signing-legacy-unknown-key-file root-ca-file service-account-private-key-file',
    'The server makes, keeps and renews its authorities and keys in --data-dir/server/tls; say in a request how long its certificate is to last.',
  ],
  ['enable-garbage-collector', 'The garbage collector is always on, unless --controllers says otherwise.'],
]

const ofScheduler: Absent = [
  ['config write-config-to', 'Use --scheduler-config of the server for a KubeSchedulerConfiguration.'],
]

const reasonsOf = (absent: Absent) =>
  new Map(absent.flatMap(([names, why]) => names.split(' ').map(name => [name, why] as const)))

const reasons: Readonly<Record<Program, ReadonlyMap<string, string>>> = {
  'kube-controller-manager': reasonsOf([...shared, ...ofControllers]),
  'kube-scheduler': reasonsOf([...shared, ...ofScheduler]),
}

/** What to do instead of a flag of such a program that is not here; undefined for any other name. */
export function insteadOfComponent(program: Program, name: string): string | undefined {
  return reasons[program].get(name)
}

/**
 * Flags of kube-apiserver 1.35 that `hutch server` does not have, by why: who brings one along is told what to do instead.
 * Those that it has are in the tables of flags. `tests/oracle/flags.test.ts` holds both against `kube-apiserver --help`.
 */
const absent: readonly (readonly [names: string, why: string])[] = [
  [
    'etcd-count-metric-poll-period etcd-db-metric-poll-interval etcd-healthcheck-timeout etcd-readycheck-timeout etcd-servers-overrides storage-backend storage-initialization-timeout storage-media-type lease-reuse-duration-seconds',
    'The data lies in --data-dir, or as JSON in one etcd, see --datastore-endpoint; there is nothing else to choose.',
  ],
  [
    'watch-cache-sizes delete-collection-workers',
    'There is one cache for everything, always on, and no worker but the event loop; leave it out.',
  ],
  ['cert-dir', 'Certificates lie in --data-dir; for one of your own use --tls-cert-file.'],
  ['admission-control', 'Use --enable-admission-plugins and --disable-admission-plugins.'],
  ['debug-socket-path', 'See --profiling: profiles are at /debug/pprof/, for those who may ask.'],
  [
    'coordinated-leadership-lease-duration coordinated-leadership-renew-deadline coordinated-leadership-retry-period',
    'There is no coordinated leader election; components take the lease that is free.',
  ],
  [
    'emulated-version emulation-forward-compatible min-compatibility-version runtime-config-emulation-forward-compatible',
    'Hutch is 1.35 and emulates nothing else; see --runtime-config and --feature-gates.',
  ],
  [
    'kubelet-timeout',
    'A request to a kubelet lasts as long as the request that it is for, see --request-timeout.',
  ],
  [
    'log-flush-frequency log-json-info-buffer-size log-json-split-stream log-text-info-buffer-size log-text-split-stream logging-format v vmodule',
    'Logs are lines on standard error, written at once; see --log-level.',
  ],
  ['show-hidden-metrics-for-version', 'No metric is hidden.'],
  ['peer-advertise-ip peer-advertise-port peer-ca-file', 'Servers do not pass requests on to each other.'],
  ['version', 'Ask "hutch --version".'],
]

/** What to do instead of a flag of kube-apiserver that is not here; undefined for any other name. */
export function insteadOf(name: string): string | undefined {
  return reasons.get(name)
}

const reasons: ReadonlyMap<string, string> = new Map(
  absent.flatMap(([names, why]) => names.split(' ').map(name => [name, why] as const)),
)

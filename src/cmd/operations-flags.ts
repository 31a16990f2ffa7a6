import { kubeletAddressTypes, nodeAddressTypes } from '../server/subresources/kubelet-access.ts'
import { count, file, time, yes } from './flag-makers.ts'
import type { Flag } from './flags.ts'

/** How the API server is run: names and meanings are kube-apiserver's. */
export const operationsFlags: readonly Flag[] = [
  time('event-ttl', '1h0m0s', 'how long events are kept after they were last written; 0s is for ever'),
  {
    name: 'service-node-port-range',
    type: 'string',
    placeholder: 'FIRST-LAST',
    default: '30000-32767',
    help: 'ports of the nodes that Services may take, as 30000-32767 or 30000+2767',
    check: text => void portRange(text),
  },
  count(
    'kubernetes-service-node-port',
    0,
    'port of the nodes at which the Service "kubernetes" of a new cluster is reached; 0: none',
  ),
  {
    name: 'kubelet-preferred-address-types',
    type: 'list',
    placeholder: 'TYPE',
    default: kubeletAddressTypes,
    help: 'which of their addresses kubelets are asked at, the best first',
    check: text => {
      const wrong = text.split(',').find(type => !nodeAddressTypes.includes(type))
      if (wrong !== undefined) throw new Error(`"${wrong}" is not one of ${nodeAddressTypes.join(', ')}`)
    },
  },
  file(
    'kubelet-certificate-authority',
    "authorities of kubelets' serving certificates, in place of the cluster's own; read again when it changes",
  ),
  file(
    'kubelet-client-certificate',
    "certificate that kubelets are shown, in place of the cluster's own; read again when it changes",
  ),
  file('kubelet-client-key', 'key of --kubelet-client-certificate'),
  count(
    'default-not-ready-toleration-seconds',
    300,
    'seconds that pods stay on a node that is not ready, unless they say otherwise',
  ),
  count(
    'default-unreachable-toleration-seconds',
    300,
    'seconds that pods stay on a node that fell silent, unless they say otherwise',
  ),
  time('shutdown-delay-duration', '0s', 'after SIGTERM serve everything for so long while /readyz fails'),
  yes(
    'shutdown-send-retry-after',
    false,
    'go on listening after that until what is in work is done, and answer 429 with Retry-After',
  ),
  time(
    'shutdown-watch-termination-grace-period',
    '0s',
    'end watches one after another within so long when the server stops; 0s: all at once',
  ),
  count(
    'max-requests-inflight',
    400,
    'with --max-mutating-requests-inflight: requests in work at a time, shared out by priority and fairness',
  ),
  count(
    'max-connection-bytes-per-sec',
    0,
    'bytes a second, each way, of every exec, attach, port-forward and proxied upgrade; 0: as fast as it goes',
  ),
  count('max-mutating-requests-inflight', 200, 'see --max-requests-inflight'),
  file(
    'encryption-provider-config',
    'how values are sealed in the database (apiserver.config.k8s.io/v1 EncryptionConfiguration; default: Secrets, with a key made at first start)',
  ),
  {
    name: 'profiling',
    type: 'boolean',
    default: true,
    help: 'serve profiles at /debug/pprof/ to those who may ask for them',
  },
  file(
    'tracing-config-file',
    'which requests are traced, and where traces go over OTLP (apiserver.config.k8s.io TracingConfiguration)',
  ),
  file(
    'egress-selector-config-file',
    'proxies to the networks of the cluster and of webhooks (apiserver.k8s.io/v1beta1 EgressSelectorConfiguration); read at the start alone',
  ),
  time('livez-grace-period', '0s', 'let /livez hold for so long while the steps of the start are not done'),
]

const portMax = 65_535

/** Reads `30000-32767`, `30000+2767` or one port (apimachinery util/net ParsePortRange). Throws a sentence. */
export function portRange(text: string): readonly [first: number, last: number] {
  const [, start = '', sign, end = ''] = /^(\d{1,5})(?:([-+])(\d{1,5}))?$/.exec(text.trim()) ?? []
  const first = Number(start)
  const last = sign === '+' ? Math.min(first + Number(end), portMax) : sign ? Number(end) : first
  if (start === '' || first < 1 || last < first || last > portMax)
    throw new Error(`"${text}" is not a range of ports such as 30000-32767`)
  return [first, last]
}

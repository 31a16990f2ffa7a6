import { parseDuration } from '../machinery/codec/duration.ts'
import { auditModes } from '../server/audit/webhook-batch.ts'
import { kubeletAddressTypes, nodeAddressTypes } from '../server/subresources/kubelet-access.ts'
import type { Flag } from './flags.ts'

/** The check of a flag that holds a duration as Go writes it. */
export const duration = (text: string) => {
  if (nanosecondsOf(text) < 0n) throw new Error(`"${text}" is less than nothing`)
}

function nanosecondsOf(text: string): bigint {
  try {
    return parseDuration(text)
  } catch (error) {
    throw new Error(`"${text}" is not a duration such as 90s or 1m30s`, { cause: error })
  }
}

const file = (name: string, help: string): Flag => ({ name, type: 'string', placeholder: 'FILE', help })
const count = (name: string, value: number, help: string): Flag => ({
  name,
  type: 'integer',
  placeholder: 'N',
  default: value,
  help,
})
/** One that cannot be 0. */
const amount = (...flag: Parameters<typeof count>): Flag => ({
  ...count(...flag),
  check: text => {
    if (/^0+$/.test(text)) throw new Error('at least 1 is needed')
  },
})
const time = (name: string, value: string, help: string): Flag => ({
  name,
  type: 'string',
  placeholder: 'DURATION',
  default: value,
  help,
  check: duration,
})

const yes = (name: string, help: string): Flag => ({ name, type: 'boolean', help })
const choice = (
  name: string,
  value: string,
  { values, help }: { readonly values: readonly string[]; readonly help: string },
): Flag => ({
  ...{ name, type: 'string', placeholder: 'WORD', default: value, help },
  check: text => {
    if (!values.includes(text)) throw new Error(`"${text}" is not one of ${values.join(', ')}`)
  },
})

/** What becomes of audit events that are too large for a backend. */
const truncation = (backend: string): Flag[] => [
  yes(`audit-${backend}-truncate-enabled`, 'leave request and answer out of events that are too large'),
  amount(`audit-${backend}-truncate-max-event-size`, 102_400, 'bytes from which on an event is too large'),
]

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
  file('audit-policy-file', 'what is audited (audit.k8s.io/v1 Policy)'),
  file('audit-log-path', 'append audit events to this file; - is standard output'),
  choice('audit-log-format', 'json', { values: ['json', 'legacy'], help: 'json or legacy' }),
  choice('audit-log-mode', 'blocking', {
    values: auditModes,
    help: 'batch, blocking, or blocking-strict: a request fails when its event cannot be written',
  }),
  yes('audit-log-compress', 'pack rotated audit logs with gzip'),
  ...truncation('log'),
  count('audit-log-maxage', 0, 'days for which rotated audit logs are kept; 0 is for ever'),
  count('audit-log-maxbackup', 0, 'rotated audit logs that are kept; 0 is all of them'),
  count('audit-log-maxsize', 100, 'megabytes at which the audit log is rotated'),
  file('audit-webhook-config-file', 'kubeconfig of the service that audit events are sent to'),
  choice('audit-webhook-mode', 'batch', {
    values: auditModes,
    help: 'batch, blocking (requests wait for it) or blocking-strict (and fail with it)',
  }),
  ...truncation('webhook'),
  amount('audit-webhook-batch-buffer-size', 10_000, 'audit events that may wait to be sent'),
  amount('audit-webhook-batch-max-size', 400, 'audit events in one batch'),
  time('audit-webhook-batch-max-wait', '30s', 'send a batch that is not full after so long'),
  time('audit-webhook-initial-backoff', '10s', 'pause before a batch is sent again'),
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

/** Milliseconds of a duration as Go writes it; the flag's check has looked at it. */
export function durationMs(text: string): number {
  return Number(parseDuration(text) / 1_000_000n)
}

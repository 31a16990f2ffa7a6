import type { Event } from '../../../api/types/core-v1.gen.ts'
import { DocumentError, type DocumentKind, readDocument } from '../../../machinery/config/document.ts'
import { tooManyRequests } from '../../../machinery/status/errors.ts'
import { createFieldErrors } from '../../../machinery/validation/field-errors.ts'
import type { Clock } from '../../../std/ports.ts'
import { createTokenBucket, type TokenBucket } from '../../../std/token-bucket.ts'
import { aggregateText } from '../../authz/rbac.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../context.ts'

/** How many events one key may write: `burst` at once, then `qps` a second. */
export interface EventLimit {
  readonly type: keyof typeof keys
  readonly qps: number
  readonly burst: number
  /** Keys that are remembered; a forgotten one has its burst again. */
  readonly cacheSize?: number
}

const keysMax = 4096

const keys = {
  Server: () => '',
  Namespace: ({ info }: AdmissionRequest) => info.namespace,
  User: ({ user }: AdmissionRequest) => user.username,
  SourceAndObject({ object }: AdmissionRequest) {
    const { source = {}, involvedObject: about = {} } = object as Partial<Event>
    const { component, host } = source
    const parts = [component, host, about.kind, about.namespace, about.name, about.uid, about.apiVersion]
    return parts.join('')
  },
} as const

const documentKind: DocumentKind = {
  kind: 'Configuration',
  apiVersions: ['eventratelimit.admission.k8s.io/v1alpha1'],
  fields: {
    limits: [{ fields: { type: 'string', qps: 'integer', burst: 'integer', cacheSize: 'integer' } }],
  },
}

/** Reads and checks the plugin's configuration (eventratelimit/apis/eventratelimit). Throws `DocumentError`. */
export function readEventLimits(text: string): readonly EventLimit[] {
  const { limits = [] } = readDocument<{ readonly limits?: readonly Partial<EventLimit>[] }>(
    text,
    documentKind,
  )
  const errors = createFieldErrors()
  if (limits.length === 0) errors.invalid('limits', limits, 'must not be empty')
  for (const [index, { type = '', qps = 0, burst = 0, cacheSize = 0 }] of limits.entries()) {
    const path = `limits[${index}]`
    if (!Object.hasOwn(keys, type)) errors.notSupported(`${path}.type`, type, Object.keys(keys))
    if (burst <= 0) errors.invalid(`${path}.burst`, burst, 'must be positive')
    if (qps <= 0) errors.invalid(`${path}.qps`, qps, 'must be positive')
    if (type !== 'Server' && cacheSize < 0)
      errors.invalid(`${path}.cacheSize`, cacheSize, 'must not be negative')
  }
  if (errors.list.length > 0)
    throw new DocumentError(aggregateText(errors.list.map(({ field, message }) => `${field}: ${message}`)))
  return limits as readonly EventLimit[]
}

/** Sends away who writes too many events (plugin/pkg/admission/eventratelimit): of the core group, as upstream. */
export function eventRateLimit(
  limits: readonly EventLimit[],
  clock: Pick<Clock, 'monotonicMs'>,
): AdmissionPlugin {
  const accepting = limits.map(limit => acceptor(limit, clock))
  return {
    name: 'EventRateLimit',
    handles: ({ operation, kind, dryRun }) =>
      kind.kind === 'Event' &&
      kind.group === '' &&
      !dryRun &&
      (operation === 'CREATE' || operation === 'UPDATE'),
    validate(request) {
      const reached = accepting.flatMap(accept => accept(request) ?? [])
      if (reached.length > 0) throw tooManyRequests(`Too many requests: ${aggregateText(reached)}`)
    },
  }
}

type Accept = (request: AdmissionRequest) => string | undefined

function acceptor({ type, qps, burst, cacheSize }: EventLimit, clock: Pick<Clock, 'monotonicMs'>): Accept {
  const buckets = new Map<string, TokenBucket>()
  const max = type === 'Server' ? 1 : cacheSize || keysMax
  return request => {
    const key = keys[type](request)
    const bucket = buckets.get(key) ?? createTokenBucket(clock, { perSecond: qps, burst })
    buckets.delete(key)
    buckets.set(key, bucket)
    const [oldest] = buckets.keys()
    if (buckets.size > max && oldest !== undefined) buckets.delete(oldest)
    return bucket.take() ? undefined : `limit reached on type ${type} for key ${key}`
  }
}

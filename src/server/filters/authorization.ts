import { accessDenied } from '../../machinery/status/errors.ts'
import { exponentialBuckets, type HistogramSpec, type MetricSpec } from '../../std/metrics.ts'
import type { Ports } from '../../std/ports.ts'
import type { AuthorizationAttributes, Authorizer, Decision, Filter, RequestContext } from '../context.ts'

/** Names, labels and buckets are upstream's (apiserver pkg/endpoints/filters/metrics.go). */
const attemptTotal: MetricSpec = {
  name: 'authorization_attempts_total',
  help: 'Requests by what the authorizers said.',
  labels: ['result'],
  stability: 'ALPHA',
}
const attemptSeconds: HistogramSpec = {
  name: 'authorization_duration_seconds',
  help: 'Seconds until the authorizers had decided.',
  labels: ['result'],
  stability: 'ALPHA',
  buckets: exponentialBuckets(0.001, 2, 15),
}

/** Lets a request pass only if the authorizer allows it; otherwise 403 with upstream's text. */
export function authorize(
  authorizer: Authorizer,
  { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>,
): Filter {
  const of = (result: string) => ({
    total: metrics.counter(attemptTotal).with(result),
    seconds: metrics.histogram(attemptSeconds).with(result),
  })
  const results = { allow: of('allowed'), deny: of('denied'), noOpinion: of('no-opinion') }
  return next =>
    async function authorizationFilter(context) {
      const startMs = clock.monotonicMs()
      const attributes = attributesOf(context)
      const asked = authorizer(attributes)
      context.decision = asked instanceof Promise ? await asked : asked
      const result = results[context.decision.decision]
      result.total.inc()
      result.seconds.observe((clock.monotonicMs() - startMs) / 1000)
      refuseUnlessAllowed(attributes, context.decision)
      return next(context)
    }
}

/** Throws 403 unless `authorizer` allows. */
export async function requireAllowed(
  authorizer: Authorizer,
  attributes: AuthorizationAttributes,
): Promise<void> {
  refuseUnlessAllowed(attributes, await authorizer(attributes))
}

function refuseUnlessAllowed({ info, user }: AuthorizationAttributes, { decision, reason }: Decision): void {
  if (decision === 'allow') return
  throw accessDenied(
    info.isResourceRequest
      ? { user: user.username, ...info }
      : { user: user.username, verb: info.verb, path: info.path },
    reason,
  )
}

const selectorVerbs = new Set(['list', 'watch', 'deletecollection'])

function attributesOf({ user, info, options }: RequestContext): AuthorizationAttributes {
  if (!selectorVerbs.has(info.verb)) return { user, info }
  const { fieldSelector, labelSelector } = options
  return { user, info, ...(fieldSelector && { fieldSelector }), ...(labelSelector && { labelSelector }) }
}

import { quote } from '../../machinery/meta/quote.ts'
import { accessDenied } from '../../machinery/status/errors.ts'
import type { Ports } from '../../std/ports.ts'
import type {
  AuthorizationAttributes,
  Authorizer,
  Decision,
  Filter,
  RequestContext,
  Response,
} from '../context.ts'
import { type Attempts, meterAttempts } from '../metrics/attempts.ts'

const attempts: Attempts = {
  total: { name: 'authorization_attempts_total', help: 'Requests by what the authorizers said.' },
  seconds: { name: 'authorization_duration_seconds', help: 'Seconds until the authorizers had decided.' },
}

/** Lets a request pass only if the authorizer allows it; otherwise 403 with upstream's text. */
export function authorize(
  authorizer: Authorizer,
  { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>,
): Filter {
  const of = meterAttempts(attempts, { metrics, clock })
  const failed = of('error')
  const results = { allow: of('allowed'), deny: of('denied'), noOpinion: of('no-opinion') }
  return next =>
    async function authorizationFilter(context) {
      const startMs = clock.monotonicMs()
      const attributes = attributesOf(context)
      const asked = authorizer(attributes)
      context.decision = asked instanceof Promise ? await asked : asked
      const { decision, error } = context.decision
      if (decision !== 'allow' && error !== undefined) {
        failed(startMs)
        return undecided(context, error)
      }
      results[decision](startMs)
      refuseUnlessAllowed(attributes, context.decision)
      return next(context)
    }
}

/** Nobody allows it, and one who might have could not be asked (apiserver handlers/responsewriters InternalError). */
function undecided({ uri, info }: RequestContext, error: string): Response {
  const place = quote(
    (uri ?? info.path).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  )
  return {
    ...{ kind: 'raw', status: 500, contentType: 'text/plain; charset=utf-8' },
    headers: { 'x-content-type-options': 'nosniff' },
    body: `Internal Server Error: ${place}: ${error}\n`,
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

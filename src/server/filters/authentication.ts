import { unauthorized } from '../../machinery/status/errors.ts'
import type { StatusError } from '../../machinery/status/status.ts'
import type { MetricSpec, Metrics } from '../../std/metrics.ts'
import type { Authenticator, Filter, RequestContext } from '../context.ts'

export const anonymousUser = { username: 'system:anonymous', groups: ['system:unauthenticated'] } as const

export interface AuthenticationFilter {
  readonly authenticator: Authenticator
  readonly metrics: Metrics
  /** Default: every path. */
  readonly allowsAnonymous?: ((path: string) => boolean) | undefined
  /** Told about a credential that nobody vouches for. */
  readonly onStranger?: ((context: RequestContext, error: StatusError) => void) | undefined
}

const attemptTotal: MetricSpec = {
  name: 'authentication_attempts',
  help: 'Credentials that were shown, by what came of it.',
  labels: ['result'],
  stability: 'ALPHA',
}

/**
 * Turns the credential into a user; a credential that nobody vouches for is a 401, none at all is anonymous where the
 * path allows that.
 */
export function authenticate({ authenticator, metrics, ...options }: AuthenticationFilter): Filter {
  const { allowsAnonymous = () => true, onStranger } = options
  const counter = metrics.counter(attemptTotal)
  const attempts = { success: counter.with('success'), failure: counter.with('failure') }
  return next =>
    async function authenticationFilter(context) {
      const { credential } = context
      if (credential.kind === 'loopback') context.user = credential.user
      else if (credential.kind === 'anonymous' && allowsAnonymous(context.info.path))
        context.user = anonymousUser
      else {
        const shown = credential.kind !== 'rejected' && credential.kind !== 'anonymous'
        const user = shown ? await authenticator(context) : undefined
        if (!user) {
          attempts.failure.inc()
          const error = unauthorized()
          onStranger?.(context, error)
          throw error
        }
        attempts.success.inc()
        context.user = withAuthenticated(user)
      }
      return next(context)
    }
}

function withAuthenticated(user: Awaited<ReturnType<Authenticator>> & object) {
  const known = user.groups.includes('system:authenticated') || user.groups.includes('system:unauthenticated')
  return known ? user : { ...user, groups: [...user.groups, 'system:authenticated'] }
}

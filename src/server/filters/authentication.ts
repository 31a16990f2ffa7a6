import { unauthorized } from '../../machinery/status/errors.ts'
import type { StatusError } from '../../machinery/status/status.ts'
import type { MetricSpec, Metrics } from '../../std/metrics.ts'
import type { Clock } from '../../std/ports.ts'
import { withAuthenticated } from '../authn/authenticator.ts'
import type { Authenticator, Filter, RequestContext, UserInfo } from '../context.ts'
import { type Attempts, meterAttempts } from '../metrics/attempts.ts'

export const anonymousUser = { username: 'system:anonymous', groups: ['system:unauthenticated'] } as const

export interface AuthenticationFilter {
  readonly authenticator: Authenticator
  readonly metrics: Metrics
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Default: every path. */
  readonly allowsAnonymous?: ((path: string) => boolean) | undefined
  /** Headers that only a proxy may speak by, besides the usual: they go no further. */
  readonly isProxyClaim?: ((header: string) => boolean) | undefined
  /** Told about a credential that nobody vouches for. */
  readonly onStranger?: ((context: RequestContext, error: StatusError) => void) | undefined
}

const attempts: Attempts = {
  total: {
    name: 'authentication_attempts',
    help: 'Requests by whether somebody vouches for their credential.',
  },
  seconds: { name: 'authentication_duration_seconds', help: 'Seconds until it was known who asks.' },
}
const userTotal: MetricSpec = {
  name: 'authenticated_user_requests',
  help: 'Requests of known users, by kind of name.',
  labels: ['username'],
  stability: 'ALPHA',
}

/**
 * Turns the credential into a user; a credential that nobody vouches for is a 401, none at all is anonymous where the
 * path allows that.
 */
export function authenticate({ authenticator, metrics, clock, ...options }: AuthenticationFilter): Filter {
  const { allowsAnonymous = () => true, onStranger, isProxyClaim } = options
  const tell = authenticationMeter(metrics, clock)
  return next =>
    async function authenticationFilter(context) {
      const { credential } = context
      if (credential.kind === 'loopback') context.user = credential.user
      else if (credential.kind === 'anonymous' && allowsAnonymous(context.info.path)) {
        context.user = anonymousUser
        tell('success', clock.monotonicMs(), context.user)
      } else {
        const startMs = clock.monotonicMs()
        const shown = credential.kind !== 'rejected' && credential.kind !== 'anonymous'
        const named = shown ? await authenticator(context) : undefined
        const user = named && isAnonymous(named) && !allowsAnonymous(context.info.path) ? undefined : named
        tell(user ? 'success' : shown ? 'error' : 'failure', startMs, user)
        if (!user) {
          const error = unauthorized()
          onStranger?.(context, error)
          throw error
        }
        context.user = withAuthenticated(user)
      }
      if (isProxyClaim) context.headers = without(context.headers, isProxyClaim)
      return next(context)
    }
}

function without(headers: RequestContext['headers'], isDropped: (name: string) => boolean) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isDropped(name)))
}

/** Some credentials name nobody: a certificate without a common name. */
function isAnonymous({ username }: UserInfo): boolean {
  return username === anonymousUser.username
}

function authenticationMeter(metrics: Metrics, clock: Pick<Clock, 'monotonicMs'>) {
  const of = meterAttempts(attempts, { metrics, clock })
  const users = metrics.counter(userTotal)
  const results = { success: of('success'), failure: of('failure'), error: of('error') }
  const other = users.with('other')
  return (result: keyof typeof results, startMs: number, user: UserInfo | undefined): void => {
    results[result](startMs)
    if (!user) return
    const kind = kindOfName(user.username)
    const counter = kind === 'other' ? other : users.with(kind)
    counter.inc()
  }
}

const toldNames = new Set([
  ...['admin', 'client', 'kube_proxy', 'kubelet', 'system:serviceaccount:kube-system:default'],
])

/** A few names, so that there are few series and no names of people in them. */
function kindOfName(username: string): string {
  if (toldNames.has(username)) return username
  return username.includes('@') ? 'email_id' : 'other'
}

import { unauthorized } from '../../machinery/status/errors.ts'
import type { StatusError } from '../../machinery/status/status.ts'
import type { Authenticator, Filter, RequestContext } from '../context.ts'

export const anonymousUser = { username: 'system:anonymous', groups: ['system:unauthenticated'] } as const

/**
 * Turns the credential into a user; a credential that nobody vouches for is a 401, none at all is anonymous where the
 * path allows that.
 */
export function authenticate(
  authenticator: Authenticator,
  allowsAnonymous: (path: string) => boolean = () => true,
  onStranger?: (context: RequestContext, error: StatusError) => void,
): Filter {
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
          const error = unauthorized()
          onStranger?.(context, error)
          throw error
        }
        context.user = withAuthenticated(user)
      }
      return next(context)
    }
}

function withAuthenticated(user: Awaited<ReturnType<Authenticator>> & object) {
  const known = user.groups.includes('system:authenticated') || user.groups.includes('system:unauthenticated')
  return known ? user : { ...user, groups: [...user.groups, 'system:authenticated'] }
}

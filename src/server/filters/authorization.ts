import { accessDenied } from '../../machinery/status/errors.ts'
import type { AuthorizationAttributes, Authorizer, Filter, RequestContext } from '../context.ts'

/** Lets a request pass only if the authorizer allows it; otherwise 403 with upstream's text. */
export function authorize(authorizer: Authorizer): Filter {
  return next =>
    async function authorizationFilter(context) {
      await requireAllowed(authorizer, attributesOf(context))
      return next(context)
    }
}

/** Throws 403 unless `authorizer` allows. */
export async function requireAllowed(
  authorizer: Authorizer,
  attributes: AuthorizationAttributes,
): Promise<void> {
  const asked = authorizer(attributes)
  const { decision, reason } = asked instanceof Promise ? await asked : asked
  if (decision === 'allow') return
  const { info, user } = attributes
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

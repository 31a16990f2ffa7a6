import { accessDenied } from '../../machinery/status/errors.ts'
import type { AuthorizationAttributes, Authorizer, Decision, Filter, RequestContext } from '../context.ts'

/** Lets a request pass only if the authorizer allows it; otherwise 403 with upstream's text. */
export function authorize(authorizer: Authorizer): Filter {
  return next =>
    async function authorizationFilter(context) {
      const attributes = attributesOf(context)
      const asked = authorizer(attributes)
      context.decision = asked instanceof Promise ? await asked : asked
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

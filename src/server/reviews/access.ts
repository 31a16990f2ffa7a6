import type { KubeObject } from '../../machinery/meta/object.ts'
import { invalid } from '../../machinery/status/errors.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { AuthorizationAttributes, Authorizer, RequestInfo, UserInfo } from '../context.ts'
import type { Reviewer } from '../rest/call.ts'

/** authorization.k8s.io/v1 SubjectAccessReviewSpec; the other two review kinds have a part of it. */
interface AccessSpec {
  readonly resourceAttributes?: ResourceAttributes
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string }
  readonly user?: string
  readonly groups?: readonly string[]
  readonly uid?: string
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

interface ResourceAttributes
  extends Partial<
    Pick<RequestInfo, 'namespace' | 'verb' | 'group' | 'version' | 'resource' | 'subresource' | 'name'>
  > {
  readonly fieldSelector?: SelectorAttributes
  readonly labelSelector?: SelectorAttributes
}

interface SelectorAttributes {
  readonly rawSelector?: string
  readonly requirements?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

interface AccessReview extends KubeObject {
  spec?: AccessSpec
  status?: object
}

/** SubjectAccessReview, LocalSubjectAccessReview and SelfSubjectAccessReview: ask the authorizer, change nothing. */
export function accessReviewer(authorizer: Authorizer, whose: 'self' | 'named'): Reviewer {
  return async function reviewAccess(object, caller, context) {
    const review = object as AccessReview
    const spec = review.spec ?? {}
    check(spec, whose)
    const user = whose === 'self' ? caller : userOf(spec)
    const { decision, reason } = await authorizer(attributesOf(user, spec, context.info))
    review.status = {
      allowed: decision === 'allow',
      ...(decision === 'deny' && { denied: true }),
      ...(reason !== '' && { reason }),
    }
    return review
  }
}

function userOf({ user = '', groups = [], uid, extra }: AccessSpec): UserInfo {
  return { username: user, groups, ...(uid && { uid }), ...(extra && { extra }) }
}

function attributesOf(user: UserInfo, spec: AccessSpec, request: RequestInfo): AuthorizationAttributes {
  const { resourceAttributes: asked, nonResourceAttributes: path } = spec
  const empty = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '', verb: '' }
  if (!asked) {
    const info = { ...empty, isResourceRequest: false, path: path?.path ?? '', verb: path?.verb ?? '' }
    return { user, info }
  }
  const { fieldSelector, labelSelector, ...attributes } = asked
  const namespace = request.resource.startsWith('local') ? request.namespace : (asked.namespace ?? '')
  const info = { ...empty, ...attributes, namespace, isResourceRequest: true, path: '' }
  const fields = selectorText(fieldSelector)
  const labels = selectorText(labelSelector)
  return { user, info, ...(fields && { fieldSelector: fields }), ...(labels && { labelSelector: labels }) }
}

const operators: Readonly<Record<string, string>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: '',
  DoesNotExist: '!',
}

function selectorText(selector: SelectorAttributes | undefined): string | undefined {
  if (!selector) return undefined
  if (selector.rawSelector) return selector.rawSelector
  const terms = (selector.requirements ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key
    return operator === 'DoesNotExist'
      ? `!${key}`
      : `${key} ${operators[operator] ?? operator} (${values.join(',')})`
  })
  return terms.join(',') || undefined
}

/** apis/authorization/validation: exactly one kind of attributes, and somebody to ask about. */
function check(spec: AccessSpec, whose: 'self' | 'named'): void {
  const errors = createFieldErrors()
  const { resourceAttributes, nonResourceAttributes, user, groups } = spec
  if (resourceAttributes && nonResourceAttributes) {
    errors.invalid(
      'spec.nonResourceAttributes',
      nonResourceAttributes,
      'cannot be specified in combination with resourceAttributes',
    )
  }
  if (!resourceAttributes && !nonResourceAttributes) {
    errors.invalid(
      'spec.resourceAttributes',
      null,
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    )
  }
  if (whose === 'named' && !user && !groups?.length)
    errors.invalid('spec.user', '', 'at least one of user or group must be specified')
  if (errors.list.length > 0)
    // Upstream asks an object that has no kind any more.
    throw invalid({ group: 'authorization.k8s.io', kind: '' }, '', errors.list)
}

import type { KubeObject } from '../../machinery/meta/object.ts'
import { invalid } from '../../machinery/status/errors.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
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

/** Whom a review asks about: its sender, somebody, or somebody in one namespace. */
type Asked = 'self' | 'named' | 'local'

/** SubjectAccessReview, LocalSubjectAccessReview and SelfSubjectAccessReview: ask the authorizer, change nothing. */
export function accessReviewer(authorizer: Authorizer, whose: Asked): Reviewer {
  return async function reviewAccess(object, caller, context) {
    const review = object as AccessReview
    const spec = review.spec ?? {}
    check(review, whose)
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
function check({ spec = {}, metadata }: AccessReview, whose: Asked): void {
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
  for (const name of ['fieldSelector', 'labelSelector'] as const)
    checkSelector(`spec.resourceAttributes.${name}`, resourceAttributes?.[name], errors)
  if (whose !== 'self' && !user && !groups?.length)
    errors.invalid('spec.user', '', 'at least one of user or group must be specified')
  checkMetadata(metadata, whose, errors)
  if (whose === 'local') checkLocal(spec, metadata.namespace ?? '', errors)
  if (errors.list.length > 0)
    // Upstream asks an object that has no kind any more.
    throw invalid({ group: 'authorization.k8s.io', kind: '' }, '', errors.list)
}

function checkSelector(path: string, selector: SelectorAttributes | undefined, errors: FieldErrors): void {
  const { rawSelector, requirements = [] } = selector ?? {}
  if (rawSelector && requirements.length > 0)
    errors.invalid(`${path}.rawSelector`, rawSelector, 'may not specified at the same time as requirements')
  if (selector && !rawSelector && requirements.length === 0)
    errors.required(
      `${path}.requirements`,
      `when ${path} is specified, requirements or rawSelector is required`,
    )
}

/** A review is not stored: it has no name, no labels, and only a local one has a namespace. */
function checkMetadata(
  { managedFields: _own, ...metadata }: KubeObject['metadata'],
  whose: Asked,
  errors: FieldErrors,
): void {
  const { namespace, ...rest } = metadata
  const isEmpty = Object.keys(rest).length === 0 && (whose === 'local' || !namespace)
  if (isEmpty) return
  errors.invalid(
    'metadata',
    metadata,
    whose === 'local' ? 'must be empty except for namespace' : 'must be empty',
  )
}

function checkLocal(
  { resourceAttributes, nonResourceAttributes }: AccessSpec,
  namespace: string,
  errors: FieldErrors,
): void {
  const asked = resourceAttributes?.namespace ?? ''
  if (resourceAttributes && asked !== namespace)
    errors.invalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace')
  if (nonResourceAttributes)
    errors.invalid('spec.nonResourceAttributes', nonResourceAttributes, 'disallowed on this kind of request')
}

import type { KubeObject } from '../../machinery/meta/object.ts'
import { invalid } from '../../machinery/status/errors.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { AuthorizationAttributes, Authorizer, RequestInfo, UserInfo } from '../context.ts'
import type { Reviewer } from '../rest/call.ts'
import { checkSelector, readSelector, type SelectorAttributes } from './selectors.ts'

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

interface AccessReview extends KubeObject {
  spec?: AccessSpec
  status?: object
}

/** Whom a review asks about: its sender, somebody, or somebody in one namespace. */
type Asked = 'self' | 'named' | 'local'

/** SubjectAccessReview, LocalSubjectAccessReview and SelfSubjectAccessReview: ask the authorizer, change nothing. */
export function accessReviewer(authorizer: Authorizer, whose: Asked): Reviewer {
  return async function reviewAccess(object, caller, context, admit) {
    const review = object as AccessReview
    const spec = review.spec ?? {}
    check(review, whose)
    await admit()
    const user = whose === 'self' ? caller : userOf(spec)
    const { attributes, faults } = attributesOf(user, spec, context.info)
    const { decision, reason, error } = await authorizer(attributes)
    const problems = [error ?? [], faults].flat()
    review.status = {
      allowed: decision === 'allow',
      ...(decision === 'deny' && { denied: true }),
      ...(reason !== '' && { reason }),
      ...(problems.length > 0 && { evaluationError: problems.join('; ') }),
    }
    return review
  }
}

function userOf({ user = '', groups = [], uid, extra }: AccessSpec): UserInfo {
  return { username: user, groups, ...(uid && { uid }), ...(extra && { extra }) }
}

interface Question {
  readonly attributes: AuthorizationAttributes
  /** What of the selectors was not understood. */
  readonly faults: readonly string[]
}

function attributesOf(user: UserInfo, spec: AccessSpec, request: RequestInfo): Question {
  const { resourceAttributes: asked, nonResourceAttributes: path } = spec
  const empty = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '', verb: '' }
  if (!asked) {
    const info = { ...empty, isResourceRequest: false, path: path?.path ?? '', verb: path?.verb ?? '' }
    return { attributes: { user, info }, faults: [] }
  }
  const { fieldSelector, labelSelector, ...attributes } = asked
  const namespace = request.resource.startsWith('local') ? request.namespace : (asked.namespace ?? '')
  const info = { ...empty, version: '*', ...attributes, namespace, isResourceRequest: true, path: '' }
  const fields = readSelector('fieldSelector', fieldSelector)
  const labels = readSelector('labelSelector', labelSelector)
  return {
    attributes: {
      ...{ user, info },
      ...(fields.text && { fieldSelector: fields.text }),
      ...(labels.text && { labelSelector: labels.text }),
    },
    faults: [fields, labels].flatMap(({ fault }) => fault ?? []),
  }
}

/** apis/authorization/validation: exactly one kind of attributes, and somebody to ask about. */
function check({ spec = {}, metadata }: AccessReview, whose: Asked): void {
  const errors = createFieldErrors()
  const { resourceAttributes, nonResourceAttributes, user, groups } = spec
  if (resourceAttributes && nonResourceAttributes) {
    errors.invalid(
      'spec.nonResourceAttributes',
      shown(nonResourceAttributes),
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
    checkSelector(name, resourceAttributes?.[name], errors)
  if (whose !== 'self' && !user && !groups?.length)
    errors.invalid('spec.user', '', 'at least one of user or group must be specified')
  checkMetadata(metadata, whose, errors)
  if (whose === 'local') checkLocal(spec, metadata.namespace ?? '', errors)
  if (errors.list.length > 0)
    // Upstream asks an object that has no kind any more.
    throw invalid({ group: 'authorization.k8s.io', kind: '' }, '', errors.list)
}

/** Upstream shows them under the names of its own type. */
function shown({ path = '', verb = '' }: NonNullable<AccessSpec['nonResourceAttributes']>) {
  return { Path: path, Verb: verb }
}

/** A review is not stored: it has no name, no labels, and only a local one has a namespace. */
function checkMetadata(metadata: KubeObject['metadata'], whose: Asked, errors: FieldErrors): void {
  const { namespace, managedFields: _own, ...rest } = metadata
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
    errors.invalid(
      'spec.nonResourceAttributes',
      shown(nonResourceAttributes),
      'disallowed on this kind of request',
    )
}

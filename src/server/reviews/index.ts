import type { KubeObject } from '../../machinery/meta/object.ts'
import { badRequest } from '../../machinery/status/errors.ts'
import type { Clock } from '../../std/ports.ts'
import { inKeyOrder } from '../authn/extra.ts'
import type { Authorizer, RequestContext, UserInfo } from '../context.ts'
import { type Reviewer, timestamp } from '../rest/call.ts'
import { accessReviewer } from './access.ts'

/** What the reviews ask. Absent parts are refused by name (501). */
export interface ReviewSources {
  readonly authorizer: Authorizer
  readonly clock: Clock
  /** The status of a SelfSubjectRulesReview. */
  readonly subjectRules?: (user: UserInfo, namespace: string) => object
  /** The status of a TokenReview. */
  readonly tokenStatus?: (
    token: string,
    audiences: readonly string[],
    context: RequestContext,
  ) => Promise<object>
}

interface Review extends KubeObject {
  spec?: { namespace?: string; token?: string; audiences?: string[] }
  status?: object
}

/** Kinds that are answered and never stored, by `<plural>.<group>`. */
export function createReviewers(sources: ReviewSources): ReadonlyMap<string, Reviewer> {
  const { authorizer, clock, subjectRules, tokenStatus } = sources
  const self: Reviewer = async (object, { username, uid, groups, extra }, _context, admit) => {
    await admit()
    const userInfo = { username, ...(uid && { uid }), groups, ...(extra && { extra: inKeyOrder(extra) }) }
    const metadata = { ...object.metadata, creationTimestamp: timestamp(clock) }
    return { ...object, metadata, status: { userInfo } } as Review
  }
  const named: [string, Reviewer][] = [
    ['selfsubjectaccessreviews.authorization.k8s.io', accessReviewer(authorizer, 'self')],
    ['subjectaccessreviews.authorization.k8s.io', accessReviewer(authorizer, 'named')],
    ['localsubjectaccessreviews.authorization.k8s.io', accessReviewer(authorizer, 'local')],
    ['selfsubjectreviews.authentication.k8s.io', self],
  ]
  if (subjectRules) named.push(['selfsubjectrulesreviews.authorization.k8s.io', rulesReviewer(subjectRules)])
  if (tokenStatus) named.push(['tokenreviews.authentication.k8s.io', tokenReviewer(tokenStatus)])
  return new Map(named)
}

function rulesReviewer(subjectRules: NonNullable<ReviewSources['subjectRules']>): Reviewer {
  return async function reviewRules(object, user, _context, admit) {
    const review = object as Review
    const namespace = review.spec?.namespace
    if (!namespace) throw badRequest('no namespace on request')
    await admit()
    const { kind, apiVersion } = review
    return { kind, apiVersion, metadata: {}, spec: {}, status: subjectRules(user, namespace) } as Review
  }
}

function tokenReviewer(tokenStatus: NonNullable<ReviewSources['tokenStatus']>): Reviewer {
  return async function reviewToken(object, _user, context, admit) {
    const review = object as Review
    const { token, audiences = [] } = review.spec ?? {}
    if (!token) throw badRequest('token is required for TokenReview in authentication')
    await admit()
    review.status = await tokenStatus(token, audiences, context)
    return review
  }
}

import { messageOf } from '../../std/message.ts'
import type { Metrics } from '../../std/metrics.ts'
import type { Clock, Logger } from '../../std/ports.ts'
import type { AuthorizationAttributes, Authorizer, Decision } from '../context.ts'
import { askAgain, createAnswerCache, type PostReview } from './ask-again.ts'
import { holds, type MatchCondition } from './match-condition.ts'
import { fieldAttributes, labelAttributes } from './selector-attributes.ts'
import { webhookMeter } from './webhook-meter.ts'

export interface WebhookAuthorizerSetup {
  readonly name: string
  readonly post: PostReview
  readonly version: 'v1' | 'v1beta1'
  readonly timeoutMs: number
  /** 0: not kept. */
  readonly authorizedTtlMs: number
  readonly unauthorizedTtlMs: number
  readonly failurePolicy: 'NoOpinion' | 'Deny'
  /** CEL over `request`, a SubjectAccessReviewSpec; the service is asked when all hold. */
  readonly matchConditions: readonly MatchCondition[]
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

interface ReviewStatus {
  readonly allowed?: boolean
  readonly denied?: boolean
  readonly reason?: string
}

const cachedMax = 8192
/** Longer questions are asked each time (apiserver webhook.go shouldCache). */
const cachedFieldLengthMax = 10_000

/** Asks another service what a user may do (apiserver plugin/pkg/authorizer/webhook). */
export function webhookAuthorizer(setup: WebhookAuthorizerSetup): Authorizer {
  const meter = webhookMeter(setup)
  const ask = askAgain(meter.asking(setup.post), setup.clock)
  const cache = createAnswerCache<ReviewStatus>(setup.clock, cachedMax)
  const decision = setup.failurePolicy === 'Deny' ? 'deny' : 'noOpinion'
  const failed = (error: unknown): Decision => {
    const text = messageOf(error)
    setup.log.error('the authorization webhook gave no answer', { authorizer: setup.name, error: text })
    return { decision, reason: '', error: text }
  }
  return async attributes => {
    const spec = specOf(attributes)
    try {
      const isMatch = () => holds(setup.matchConditions, conditionView(attributes, spec))
      if (setup.matchConditions.length > 0 && !meter.matching(isMatch))
        return { decision: 'noOpinion', reason: '' }
    } catch (error) {
      return failed(error)
    }
    const key = JSON.stringify(spec)
    const known = cache.get(key)
    if (known) return decisionOf(known)
    try {
      const status = await review(ask, setup, spec)
      const ttlMs = status.allowed ? setup.authorizedTtlMs : setup.unauthorizedTtlMs
      if (key.length < cachedFieldLengthMax) cache.put(key, status, ttlMs)
      return decisionOf(status)
    } catch (error) {
      if (decision === 'noOpinion') meter.failedOpen(error)
      return failed(error)
    }
  }
}

async function review(
  ask: PostReview,
  { version, timeoutMs }: WebhookAuthorizerSetup,
  spec: ReviewSpec,
): Promise<ReviewStatus> {
  const { groups, ...rest } = spec
  // In v1beta1 the field is called `group`.
  const sent = version === 'v1' ? spec : { ...rest, ...(groups && { group: groups }) }
  const question = { kind: 'SubjectAccessReview', apiVersion: `authorization.k8s.io/${version}` }
  const answer = await ask({ ...question, metadata: {}, spec: sent, status: { allowed: false } }, timeoutMs)
  return (answer.status ?? {}) as ReviewStatus
}

function decisionOf({ allowed, denied, reason = '' }: ReviewStatus): Decision {
  const error = 'webhook subject access review returned both allow and deny response'
  if (denied) return { decision: 'deny', reason, ...(allowed && { error }) }
  return { decision: allowed ? 'allow' : 'noOpinion', reason }
}

interface ReviewSpec {
  readonly resourceAttributes?: object
  readonly nonResourceAttributes?: object
  readonly user?: string
  readonly groups?: readonly string[]
  readonly uid?: string
  readonly extra?: object
}

/** SubjectAccessReviewSpec; empty fields are left out, as Go's encoding does. */
function specOf({ user, info, fieldSelector, labelSelector }: AuthorizationAttributes): ReviewSpec {
  const { namespace, verb, group, version, resource, subresource, name, path } = info
  const fields = fieldSelector && fieldAttributes(fieldSelector)
  const labels = labelSelector && labelAttributes(labelSelector)
  const asked = info.isResourceRequest
    ? {
        resourceAttributes: {
          ...filled({ namespace, verb, group, version, resource, subresource, name }),
          ...(fields && { fieldSelector: fields }),
          ...(labels && { labelSelector: labels }),
        },
      }
    : { nonResourceAttributes: filled({ path, verb }) }
  return {
    ...asked,
    ...filled({ user: user.username, uid: user.uid ?? '' }),
    ...(user.groups.length > 0 && { groups: user.groups }),
    ...(user.extra && { extra: user.extra }),
  }
}

/** The question as conditions see it: with every field that is a text or a list, empty ones too. */
function conditionView({ user, info }: AuthorizationAttributes, spec: ReviewSpec): object {
  const { namespace, verb, group, version, resource, subresource, name, path } = info
  const known = { user: user.username, groups: user.groups, uid: user.uid ?? '', extra: user.extra ?? {} }
  if (!info.isResourceRequest) return { ...known, nonResourceAttributes: { verb, path } }
  const texts = { namespace, verb, group, version, resource, subresource, name }
  return { ...known, resourceAttributes: { ...texts, ...spec.resourceAttributes } }
}

function filled(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''))
}

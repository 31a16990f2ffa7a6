import { createHash } from 'node:crypto'
import { messageOf } from '../../std/message.ts'

import type { Clock, Logger } from '../../std/ports.ts'
import type { TokenAuthenticator, TokenVerdict } from '../authn/authenticator.ts'
import { askAgain, createAnswerCache, type PostReview } from './ask-again.ts'

export interface WebhookTokensSetup {
  readonly post: PostReview
  readonly version: 'v1' | 'v1beta1'
  readonly timeoutMs: number
  readonly ttlMs: number
  /** Of a token whose review names no audience. */
  readonly implicitAudiences: readonly string[]
  readonly clock: Clock
  readonly log: Logger
}

interface ReviewStatus {
  readonly authenticated?: boolean
  readonly user?: {
    readonly username?: string
    readonly uid?: string
    readonly groups?: readonly string[]
    readonly extra?: Readonly<Record<string, readonly string[]>>
  }
  readonly audiences?: readonly string[]
  readonly error?: string
}

const cachedMax = 4096

/** Asks another service who a token is (apiserver plugin/pkg/authenticator/token/webhook). */
export function webhookTokens(setup: WebhookTokensSetup): TokenAuthenticator {
  const ask = askAgain(setup.post, setup.clock)
  const cache = createAnswerCache<TokenVerdict>(setup.clock, cachedMax)
  return async (token, audiences) => {
    // Tokens themselves are not kept.
    const key = createHash('sha256')
      .update(JSON.stringify([token, audiences]))
      .digest('base64')
    const known = cache.get(key)
    if (known) return known
    try {
      const verdict = verdictOf(await review(ask, setup, token, audiences), setup, audiences)
      // Upstream keeps no failures.
      if (verdict.kind !== 'invalid') cache.put(key, verdict, setup.ttlMs)
      return verdict
    } catch (error) {
      const reason = messageOf(error)
      setup.log.error('the token webhook gave no answer', { error: reason })
      return { kind: 'invalid', reason }
    }
  }
}

async function review(
  ask: PostReview,
  { version, timeoutMs }: WebhookTokensSetup,
  token: string,
  audiences: readonly string[],
): Promise<ReviewStatus> {
  const question = { kind: 'TokenReview', apiVersion: `authentication.k8s.io/${version}`, metadata: {} }
  const answer = await ask({ ...question, spec: { token, audiences }, status: { user: {} } }, timeoutMs)
  return (answer.status ?? {}) as ReviewStatus
}

function verdictOf(
  { authenticated, user = {}, audiences: given = [], error }: ReviewStatus,
  { implicitAudiences }: WebhookTokensSetup,
  wanted: readonly string[],
): TokenVerdict {
  const good = given.length > 0 ? given : implicitAudiences
  const audiences = wanted.filter(audience => good.includes(audience))
  if (audiences.length === 0) return { kind: 'unknown' }
  if (!authenticated) return error ? { kind: 'invalid', reason: error } : { kind: 'unknown' }
  const { username = '', uid, groups = [], extra } = user
  return { kind: 'user', user: { username, groups, ...(uid && { uid }), ...(extra && { extra }) }, audiences }
}

import type { JsonObject } from '../../machinery/meta/object.ts'
import type { Clock } from '../../std/ports.ts'
import { sleep } from '../../std/sleep.ts'

/** POSTs a review and answers the reviewed one. Rejects with a `ReviewError`. */
export type PostReview = (review: object, timeoutMs: number) => Promise<JsonObject>

/** The service did not review. `retriable`: the same question may be answered a moment later. */
export class ReviewError extends Error {
  override name = 'ReviewError'
  readonly retriable: boolean
  constructor(message: string, retriable: boolean, options?: ErrorOptions) {
    super(message, options)
    this.retriable = retriable
  }
}

const triesMax = 5
const firstPauseMs = 500
const pauseGrowth = 1.5

/**
 * Asks up to five times, half a second (`firstMs`) and then ever longer apart (apiserver util/webhook
 * DefaultRetryBackoff).
 */
export function askAgain(
  post: PostReview,
  clock: Pick<Clock, 'setTimer'>,
  firstMs: number = firstPauseMs,
): PostReview {
  return async (review, timeoutMs) => {
    let pauseMs = firstMs
    for (let tries = 1; ; tries++) {
      try {
        return await post(review, timeoutMs)
      } catch (error) {
        const again = error instanceof ReviewError && error.retriable && tries < triesMax
        if (!again) throw error
      }
      await sleep(clock, pauseMs)
      pauseMs *= pauseGrowth
    }
  }
}

/** A cache of answers for a while; the one that was put in first goes first when it is full. */
export interface AnswerCache<T> {
  get(key: string): T | undefined
  put(key: string, answer: T, ttlMs: number): void
}

export function createAnswerCache<T>(clock: Pick<Clock, 'monotonicMs'>, max: number): AnswerCache<T> {
  const answers = new Map<string, { readonly answer: T; readonly untilMs: number }>()
  return {
    get(key) {
      const found = answers.get(key)
      if (!found) return undefined
      if (clock.monotonicMs() < found.untilMs) return found.answer
      answers.delete(key)
      return undefined
    },
    put(key, answer, ttlMs) {
      if (ttlMs <= 0) return
      answers.delete(key)
      answers.set(key, { answer, untilMs: clock.monotonicMs() + ttlMs })
      const [oldest] = answers.keys()
      if (answers.size > max && oldest !== undefined) answers.delete(oldest)
    },
  }
}

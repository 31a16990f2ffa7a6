/** The authorizer as expressions ask it: each question once per request. */

import type { AccessAnswer, AccessQuestion, AskAccess } from '../../../machinery/cel/library/authorizer.ts'
import { messageOf } from '../../../std/message.ts'
import type { Clock } from '../../../std/ports.ts'
import { beginWork, type Steps, takeSteps } from '../../../std/turns.ts'
import type { AuthorizationAttributes, Authorizer, Decision } from '../../context.ts'

/** An answer has to be waited for; the evaluation runs again when it is there. */
class AnswerPending extends Error {
  readonly answered: Promise<void>
  constructor(answered: Promise<void>) {
    super('an authorizer is being asked')
    this.answered = answered
  }
}

/** Remembers the answers for one request. */
export function rememberAnswers(authorize: Authorizer): AskAccess {
  const known = new Map<string, AccessAnswer>()
  return function ask(question) {
    const key = JSON.stringify(question)
    const remembered = known.get(key)
    if (remembered) return remembered
    const keep = (answer: AccessAnswer) => {
      known.set(key, answer)
      return answer
    }
    const decided = authorize(attributesOf(question))
    if (!(decided instanceof Promise)) return keep(answerOf(decided))
    const failed = (error: unknown) => ({ allowed: false, reason: '', error: messageOf(error) })
    throw new AnswerPending(
      decided
        .then(answerOf, failed)
        .then(keep)
        .then(() => undefined),
    )
  }
}

/** Evaluates, as often as an answer has to be waited for, with pauses in which others are served. */
export async function evaluateWaiting<T>(evaluate: () => Steps<T>, clock: Clock): Promise<T> {
  for (;;) {
    try {
      return await takeSteps(evaluate(), beginWork(clock))
    } catch (error) {
      if (!(error instanceof AnswerPending)) throw error
      await error.answered
    }
  }
}

function answerOf({ decision, reason }: Decision): AccessAnswer {
  return { allowed: decision === 'allow', reason }
}

function attributesOf(question: AccessQuestion): AuthorizationAttributes {
  const { user, verb, path, group, resource, subresource, namespace, name } = question
  const { fieldSelector, labelSelector } = question
  const info = {
    isResourceRequest: path === undefined,
    ...{ path: path ?? '', verb, group, version: '*', resource, subresource, namespace, name },
  }
  return {
    user,
    info,
    ...(fieldSelector !== undefined && { fieldSelector }),
    ...(labelSelector !== undefined && { labelSelector }),
  }
}

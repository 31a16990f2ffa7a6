import { DecodeError, parseJson } from '../../../machinery/codec/index.ts'
import { jsonKind } from '../../../machinery/meta/json.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { quote } from '../../../machinery/meta/quote.ts'
import { applyJsonPatch } from '../../../machinery/patch/index.ts'
import { internalError } from '../../../machinery/status/errors.ts'
import { StatusError } from '../../../machinery/status/status.ts'
import { readMutated } from '../match/mutation.ts'
import type { Admitted } from '../match/versions.ts'
import { HookFailure } from './call-hook.ts'
import type { ReviewAnswer } from './review.ts'

export interface Patched {
  readonly patch: readonly unknown[]
  readonly object: KubeObject
}

/** The object after a webhook's patch, decoded and defaulted; undefined when there is nothing to change. */
export function patchedBy(webhook: string, answer: ReviewAnswer, admitted: Admitted): Patched | undefined {
  const patch = parsePatch(webhook, answer)
  if (patch.length === 0) return undefined
  if (!admitted.object) {
    throw internalError(
      `admission webhook ${quote(webhook)} attempted to modify the object, which is not supported for this operation`,
    )
  }
  if (answer.patchType !== 'JSONPatch')
    throw new HookFailure(webhook, `unsupported patch type ${quote(answer.patchType ?? '')}`)
  const object = readMutated(admitted.request, admitted.kind, apply(admitted.object, patch))
  return { patch, object }
}

function parsePatch(webhook: string, { patch }: ReviewAnswer): readonly unknown[] {
  if (!patch) return []
  try {
    const parsed = parseJson(patch)
    if (Array.isArray(parsed)) return parsed
    throw new DecodeError(`json: cannot unmarshal ${jsonKind(parsed)} into Go value of type jsonpatch.Patch`)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new HookFailure(webhook, `received undecodable patch in webhook response: ${error.message}`)
  }
}

function apply(object: KubeObject, patch: readonly unknown[]): KubeObject {
  try {
    return applyJsonPatch(object, patch)
  } catch (error) {
    // What a client's own patch is told as 422 is the server's failure here.
    if (error instanceof StatusError) throw internalError(error.cause instanceof Error ? error.cause : error)
    throw error
  }
}

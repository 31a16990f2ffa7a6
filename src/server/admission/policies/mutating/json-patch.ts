/** A JSON patch that a policy made (policy/mutating/patch/json_patch.go). */
import { isWritten, misplacedParts } from '../../../../api/admissionregistration/patch-types.ts'
import { toJson } from '../../../../machinery/cel/json.ts'
import { isList, typeNameOf, type Value } from '../../../../machinery/cel/language/value.ts'
import type { JsonMap } from '../../../../machinery/meta/json.ts'
import type { KubeObject } from '../../../../machinery/meta/object.ts'
import { applyJsonPatch, isFailedTest } from '../../../../machinery/patch/index.ts'
import { StatusError } from '../../../../machinery/status/status.ts'
import { MutationFailure } from './failure.ts'

/** The patched object; the same one when a `test` does not hold. Throws MutationFailure for what cannot be applied. */
export function applyPolicyPatch(object: KubeObject, value: Value): KubeObject {
  if (!isList(value))
    throw new MutationFailure('type mismatch: JSONPatchType.expression should evaluate to array')
  try {
    return applyJsonPatch(object, Array.from(value, toOperation))
  } catch (error) {
    if (isFailedTest(error)) return object
    if (!(error instanceof StatusError)) throw error
    const reason = error.cause instanceof Error ? error.cause.message : error.message
    throw new MutationFailure(`JSON Patch: ${reason}`)
  }
}

function toOperation(value: Value): JsonMap {
  if (!isWritten(value))
    throw new MutationFailure('type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch')
  const { fields } = value
  const text = (name: string) => String(fields.get(name) ?? '')
  const from = text('from')
  const operation: JsonMap = { op: text('op'), path: text('path'), ...(from !== '' && { from }) }
  const given = fields.get('value')
  if (given === undefined) return operation
  const misplaced = isWritten(given) ? misplacedParts(given) : ''
  if (misplaced !== '') throw new MutationFailure(`type mismatch: ${misplaced}`)
  const json = toJson(given)
  if (json === undefined) {
    const type = typeNameOf(given).split('.').at(-1)
    throw new MutationFailure(
      `JSONPath valueExpression evaluated to a type that could not marshal to JSON: type conversion error from '${type}' to '*structpb.Value'`,
    )
  }
  return { ...operation, value: json }
}

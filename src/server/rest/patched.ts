/** What a patch that is not applied makes of an object: merged in its own language, then read as the type that it has to be. */

import type { PatchType } from '../../client/transport.ts'
import {
  DecodeError,
  decodeValue,
  findDuplicates,
  printSpelled,
  readConverted,
  requireNumbers,
  strictErrorMessage,
} from '../../machinery/codec/index.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import { formatGoValue, isMap, jsonKind, sortKeys } from '../../machinery/meta/json.ts'
import type { JsonObject, KubeObject } from '../../machinery/meta/object.ts'
import { cloneDeep } from '../../machinery/meta/value.ts'
import { applyJsonPatch, applyMergePatch, applyStrategicPatch } from '../../machinery/patch/index.ts'
import { printed } from '../../machinery/schema/printed.ts'
import type { ObjectSchema } from '../../machinery/schema/schema.ts'
import { badRequest, invalid } from '../../machinery/status/errors.ts'
import type { StatusError } from '../../machinery/status/status.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { applyDefaults, otherCustomKind, settleCustom } from './body.ts'
import { type RestCall, turn } from './call.ts'
import { unreadablePatch } from './foreign-body.ts'
import { requireSameName, settleNamespace } from './identity.ts'
import { refuseVast } from './vast.ts'

export interface GivenPatch {
  readonly type: PatchType
  readonly document: unknown
  /** Its numbers may be symbols of their spelling. */
  readonly isSpelled: boolean
  /** What its text says twice, or says for nothing. */
  readonly faults: readonly string[]
}

/** The patched object, private to the caller, defaulted. Throws 422 where it is no object of its kind any more. */
export async function patched(call: RestCall, given: GivenPatch, current: KubeObject): Promise<KubeObject> {
  const { resource } = call
  // Patches see an object as Go prints it, nulls and all.
  const seen = resource.custom ? current : printed(resource.schema, current)
  const transformed = transform(resource.schema, given, seen)
  await turn(call)
  const object = canonical(call, transformed, given)
  await refuseVast(call, object)
  applyDefaults(resource, object)
  settleNamespace(call, object)
  requireSameName(call, object)
  return object
}

/** What upstream's strict reader finds in the text of a patch: `duplicate field "data.a"`. */
export function patchFaults(
  { body, options }: RestCall['context'],
  type: PatchType,
  document: unknown,
): readonly string[] {
  if (body.kind !== 'bytes' || options.fieldValidation === 'Ignore') return []
  requireFinite(document, type)
  const twice = findDuplicates(body.bytes, document)
  if (type !== 'application/json-patch+json') return twice
  requireTexts(document)
  return [...twice, ...unknownInOperations(document)].map(fault => `json patch ${fault}`)
}

/** A strict reader reads the numbers, too. */
function requireFinite(document: unknown, type: PatchType): void {
  try {
    requireNumbers(document)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    const isJsonPatch = type === 'application/json-patch+json'
    const place = isJsonPatch ? 'struct field jsonPatchOp.value' : 'value'
    throw badRequest(`error decoding patch: ${error.message.replace('Go value', `Go ${place}`)}`)
  }
}

const operationFields: ReadonlySet<string> = new Set(['op', 'path', 'from', 'value'])

/** A strict reader knows the types of an operation's fields. */
function requireTexts(operations: unknown): void {
  if (operations === null) return
  if (!Array.isArray(operations)) throw undecodable(operations, 'value', '[]handlers.jsonPatchOp')
  for (const operation of operations) {
    if (operation !== null && !isMap(operation)) throw undecodable(operation, 'value', 'handlers.jsonPatchOp')
    for (const name of ['op', 'path', 'from']) {
      const value = operation?.[name]
      if (value !== undefined && value !== null && typeof value !== 'string')
        throw undecodable(value, `struct field jsonPatchOp.${name}`, 'string')
    }
  }
}

function undecodable(value: unknown, place: string, goType: string): StatusError {
  const message = `json: cannot unmarshal ${jsonKind(value)} into Go ${place} of type ${goType}`
  return badRequest(`error decoding patch: ${message}`)
}

function unknownInOperations(operations: unknown): string[] {
  if (!Array.isArray(operations)) return []
  return operations.flatMap((operation, index) =>
    Object.keys(isMap(operation) ? operation : {})
      .filter(name => !operationFields.has(name))
      .map(name => `unknown field ${JSON.stringify(`[${index}].${name}`)}`),
  )
}

function transform(schema: ObjectSchema, { type, document }: GivenPatch, current: KubeObject): KubeObject {
  if (type === 'application/json-patch+json') return applyJsonPatch(current, document) as KubeObject
  if (type === 'application/merge-patch+json') return applyMergePatch(current, document) as KubeObject
  return applyStrategicPatch(schema, current, document)
}

/** What decoding the patched document gives, private to the caller: unknown fields gone and reported, values canonical. */
function canonical(call: RestCall, patched: KubeObject, given: GivenPatch): KubeObject {
  const { resource, context } = call
  const refuse = (message: string) => patchInvalid(shown(given, patched), message)
  if (resource.custom) return canonicalCustom(call, patched, given.faults, refuse)
  const isStrategic = given.type.includes('strategic')
  const foreign = isStrategic ? undefined : foreignKind(resource, patched)
  if (foreign) throw refuse(foreign)
  const { schema } = resource
  const strict = context.options.fieldValidation !== 'Ignore'
  const read = (value: unknown) => decodeValue(schema, value, { strict, isSpelled: given.isSpelled })
  const typed = withType(resource, patched)
  try {
    // A strategic merge happens within the type: nothing is printed and decoded again.
    const { object, strictErrors } = isStrategic ? readConverted(schema, typed, read) : read(typed)
    const unknown = isStrategic ? strictErrors.toSorted() : inOrder(strictErrors, () => read(sortKeys(typed)))
    reportFaults(context, [...given.faults, ...unknown], refuse)
    return object as unknown as KubeObject
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw refuse(isStrategic ? error.message : firstFault(error, () => read(sortKeys(typed))))
  }
}

/** The first fault in the order of names, in which Go prints what came of the patch. */
function firstFault(found: DecodeError, again: () => unknown): string {
  try {
    again()
  } catch (error) {
    if (error instanceof DecodeError) return error.message
    throw error
  }
  return found.message
}

/** The object of its kind, whatever text it names instead; what is no text is left for the decoder to refuse. */
function withType({ kind, group, version }: RestCall['resource'], patched: KubeObject): KubeObject {
  const own = (given: unknown, name: string) => (typeof (given ?? '') === 'string' ? name : (given as string))
  return {
    ...patched,
    kind: own(patched.kind, kind),
    apiVersion: own(patched.apiVersion, toApiVersion(group, version)),
  }
}

/** Faults in the order in which Go prints what came of the patch, which is then read: that of names. */
function inOrder(faults: readonly string[], again: () => { readonly strictErrors: readonly string[] }) {
  return faults.length > 1 ? again().strictErrors : faults
}

function foreignKind(resource: RestCall['resource'], patched: KubeObject): string | undefined {
  const { kind, group, version } = resource
  const isSame = patched.kind === kind && patched.apiVersion === toApiVersion(group, version)
  return isSame ? undefined : unreadablePatch(patched, resource)
}

type Refuse = (message: string) => ReturnType<typeof patchInvalid>

function canonicalCustom(
  { resource, context }: RestCall,
  patched: KubeObject,
  faults: readonly string[],
  refuse: Refuse,
): KubeObject {
  const object = cloneDeep(patched)
  if (!object.kind) throw refuse(`Object 'Kind' is missing in '${JSON.stringify(sortKeys(patched))}'`)
  if (object.kind !== resource.kind)
    throw otherCustomKind(object as unknown as JsonObject, resource.group, resource.kind)
  object.metadata ??= {}
  const before = context.warnings.length
  // What is said twice is told first.
  const prefix = strictErrorMessage(faults.length > 0 ? [...faults, ''] : [])
  settleCustom(context, resource, object, message =>
    refuse(prefix + message.slice(strictErrorMessage([]).length)),
  )
  const unknown = context.warnings.splice(before)
  reportFaults(context, [...faults, ...unknown], refuse)
  return object
}

function reportFaults(
  { options, warnings }: RestCall['context'],
  faults: readonly string[],
  refuse: Refuse,
): void {
  if (faults.length === 0) return
  if (options.fieldValidation === 'Strict') throw refuse(strictErrorMessage(faults))
  warnings.push(...faults)
}

/** What upstream shows of a patch that is refused: a strategic one itself, as Go prints maps; of others what came of them. */
function shown({ type, document }: GivenPatch, patched: KubeObject): string {
  return type.includes('strategic') ? formatGoValue(document) : printSpelled(sortKeys(patched))
}

function patchInvalid(value: string, message: string) {
  const errors = createFieldErrors()
  errors.invalid('patch', value, message)
  return invalid({ group: '', kind: '' }, '', errors.list)
}

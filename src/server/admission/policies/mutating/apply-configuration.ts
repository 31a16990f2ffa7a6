/** An apply configuration that a policy made, laid over an object without an owner (policy/mutating/patch/smd.go). */
import { hasOddKeys, isWritten, misplacedParts } from '../../../../api/admissionregistration/patch-types.ts'
import { configErrors, formatConfigErrors, mergeValues } from '../../../../machinery/apply/index.ts'
import type { Value } from '../../../../machinery/cel/language/value.ts'
import { isMap, type JsonMap } from '../../../../machinery/meta/json.ts'
import type { KubeObject } from '../../../../machinery/meta/object.ts'
import type { Schema } from '../../../../machinery/schema/schema.ts'
import { MutationFailure } from './failure.ts'

/** The object with the configuration in it. Throws MutationFailure for what does not fit, or would replace more than it says. */
export function applyConfiguration(schema: Schema, object: KubeObject, value: Value): KubeObject {
  if (!isWritten(value))
    throw new MutationFailure('unsupported return type from ApplyConfiguration expression')
  const misplaced = misplacedParts(value)
  if (misplaced !== '') throw new MutationFailure(`type mismatch: ${misplaced}`)
  if (hasOddKeys(value)) throw new MutationFailure('invalid return type: *dynamic.ObjectVal')
  const { apiVersion, kind } = object
  const configuration: JsonMap = { ...(value.toJson() as JsonMap), ...(kind && { apiVersion, kind }) }
  const errors = configErrors(schema, configuration)
  if (errors.length > 0) {
    const detail = `failed to convert patch object to typed object: ${formatConfigErrors(errors)}`
    throw new MutationFailure(`error applying patch: ${detail}`)
  }
  const atomics = atomicsIn(schema, configuration, '')
  if (atomics.length > 0) {
    const detail = `may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`
    throw new MutationFailure(`error applying patch: invalid ApplyConfiguration: ${detail}`)
  }
  const whole = fractionIn(schema, configuration)
  if (whole) {
    const detail = `unable to convert unstructured object to ${apiVersion}, Kind=${kind}: cannot convert float64 to ${whole}`
    throw new MutationFailure(detail)
  }
  return mergeValues(schema, object, configuration) as KubeObject
}

/** What kind of whole number was asked for where a fraction was given; undefined where nothing is wrong. */
function fractionIn(schema: Schema, value: unknown): string | undefined {
  if (typeof value === 'number') {
    const isWhole = schema.kind === 'int32' || schema.kind === 'int64'
    return isWhole && !Number.isInteger(value) ? schema.kind : undefined
  }
  const inner = membersOf(schema, value)
  return inner.map(([own, member]) => fractionIn(own, member)).find(Boolean)
}

function membersOf(schema: Schema, value: unknown): readonly (readonly [Schema, unknown])[] {
  if (Array.isArray(value)) return schema.kind === 'list' ? value.map(item => [schema.items, item]) : []
  if (!isMap(value)) return []
  if (schema.kind === 'map') return Object.values(value).map(member => [schema.values, member])
  if (schema.kind !== 'object') return []
  return Object.entries(value).flatMap(([name, member]) => {
    const field = schema.fields.get(name)
    return field ? [[field.schema, member] as const] : []
  })
}

/** Places whose whole value a configuration would replace. */
function atomicsIn(schema: Schema, value: unknown, path: string): readonly string[] {
  if (isMap(value) && (schema.kind === 'object' || schema.kind === 'map')) {
    const own = schema.atomic ? [path] : []
    if (schema.kind === 'map') return own
    const inner = Object.entries(value).flatMap(([name, member]) => {
      const field = schema.fields.get(name)
      return field ? atomicsIn(field.schema, member, `${path}.${name}`) : []
    })
    return [...own, ...inner]
  }
  if (!Array.isArray(value) || schema.kind !== 'list') return []
  const own = schema.listType === 'atomic' ? [path] : []
  return [...own, ...value.flatMap((item, index) => atomicsIn(schema.items, item, `${path}[${index}]`))]
}

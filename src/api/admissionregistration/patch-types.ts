/** `Object{...}` and `JSONPatch{...}`, which mutations are made of (apiserver pkg/cel/mutation). */
import { type JsonStruct, toJson } from '../../machinery/cel/json.ts'
import { type Declarations, type Structure, structureOf } from '../../machinery/cel/language/environment.ts'
import { CelError } from '../../machinery/cel/language/errors.ts'
import { dynType, listOf, stringType, structType, type Type } from '../../machinery/cel/language/type.ts'
import {
  equalValues,
  isList,
  isMapValue,
  type StructValue,
  type Value,
} from '../../machinery/cel/language/value.ts'
import { global } from '../../machinery/cel/library/declare.ts'

const objectName = 'Object'
const patchName = 'JSONPatch'

/** What an apply configuration has to give, and what a JSON patch has to. */
export const configurationTypes: readonly Type[] = [structType(objectName)]
export const patchTypes: readonly Type[] = [listOf(structType(patchName))]

/** Part of an object, or one operation of a patch, as an expression wrote it. */
export interface WrittenStruct extends StructValue, JsonStruct {
  readonly fields: ReadonlyMap<string, Value>
}

export function isWritten(value: Value): value is WrittenStruct {
  return typeof value === 'object' && value !== null && 'fields' in value
}

function writtenStruct(typeName: string, fields: ReadonlyMap<string, Value>): WrittenStruct {
  return {
    typeName,
    fields,
    field: name => fields.get(name),
    equals: other => isWritten(other as Value) && equalFields(fields, (other as WrittenStruct).fields),
    toJson: () => Object.fromEntries(Array.from(fields, ([name, value]) => [name, toJson(value)])),
  }
}

function equalFields(a: ReadonlyMap<string, Value>, b: ReadonlyMap<string, Value>): boolean {
  if (a.size !== b.size) return false
  return [...a].every(([name, value]) => b.has(name) && equalValues(value, b.get(name)!))
}

/** Objects take every field; what is in it is looked at when it is put together. */
const objectStructure = (name: string): Structure => ({
  name,
  field: () => dynType,
  make: fields => writtenStruct(name, fields),
})

const noType = structType('')
const patchFields = { op: stringType, path: stringType, from: stringType, value: dynType }
const patchStructure: Structure = {
  ...structureOf(patchName, patchFields),
  // Upstream's answers for every name, with a type that nothing is of.
  field: name => (Object.hasOwn(patchFields, name) ? patchFields[name as keyof typeof patchFields] : noType),
  make(fields) {
    for (const name of ['op', 'path', 'from'])
      if (fields.has(name) && typeof fields.get(name) !== 'string')
        throw new CelError(`unexpected type for JSONPatchType '${name}' field`)
    return writtenStruct(patchName, fields)
  },
}

function findStructure(name: string): Structure | undefined {
  if (name === patchName) return patchStructure
  return name === objectName || name.startsWith(`${objectName}.`) ? objectStructure(name) : undefined
}

const escapeKey = (text: string) => text.replaceAll('~', '~0').replaceAll('/', '~1')

/** What mutations may name beside what all expressions may. */
export const patchDeclarations: Declarations = {
  findStructure,
  functions: {
    'jsonpatch.escapeKey': [global('string_jsonpatch_escapeKey_string', [stringType], stringType, escapeKey)],
  },
}

/** Where the name of a part is not its place in the whole: `Object.spec{ a: Object.spec.b{} }`; '' when all are right. */
export function misplacedParts(whole: WrittenStruct): string {
  return complaintsOf(whole, whole.typeName).join('\n')
}

/** Whether there is a map in it whose keys are no texts: it has no form as JSON. */
export function hasOddKeys(value: Value): boolean {
  if (isWritten(value)) return [...value.fields.values()].some(hasOddKeys)
  if (isList(value)) return Array.from(value).some(hasOddKeys)
  if (!isMapValue(value)) return false
  return Array.from(value.keys()).some(key => typeof key !== 'string' || hasOddKeys(value.get(key)!))
}

function complaintsOf(value: Value, path: string): readonly string[] {
  if (isWritten(value)) {
    const { typeName, fields } = value
    const wrong = `unexpected type name "${typeName}", expected "${path}", which matches field name path from root Object type`
    const inner = Array.from(fields).flatMap(([name, each]) => complaintsOf(each, `${path}.${name}`))
    return typeName === path ? inner : [wrong, ...inner]
  }
  if (isList(value)) return Array.from(value).flatMap(each => complaintsOf(each, path))
  if (!isMapValue(value)) return []
  return Array.from(value.keys()).flatMap(key => complaintsOf(value.get(key)!, path))
}

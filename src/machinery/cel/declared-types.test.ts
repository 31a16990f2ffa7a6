import { expect, test } from 'bun:test'
import type { Field, Schema } from '../schema/schema.ts'
import { compileIn } from './compile.ts'
import { typeOfSchema } from './declared-types.ts'
import { declare } from './environment.ts'

const object = (fields: Readonly<Record<string, Schema>>): Schema => ({
  kind: 'object',
  fields: new Map(
    Object.entries(fields).map(([name, schema]): [string, Field] => [
      name,
      { name, schema, required: false, omitEmpty: true, pointer: true },
    ]),
  ),
})

const schema = object({
  count: { kind: 'int32' },
  port: { kind: 'intOrString' },
  limits: { kind: 'map', values: { kind: 'quantity' } },
  names: { kind: 'list', listType: 'atomic', items: { kind: 'string' } },
  raw: { kind: 'rawExtension' },
  namespace: { kind: 'string' },
})

function faultOf(text: string): string | undefined {
  const declared = typeOfSchema(schema, 'Thing')!
  const environment = declare({ variables: { object: declared.type }, findStructure: declared.find })
  const compiled = compileIn(environment, text)
  return 'fault' in compiled ? compiled.fault.split('\n')[0]?.replace(/^.*<input>:/, '') : undefined
}

test.each<[string, string | undefined]>([
  ['object.count > 1', undefined],
  // A reserved word, and the name of many a field.
  ['object.namespace == object.__namespace__ && has(object.namespace)', undefined],
  ['object.cound > 1', "1:7: undefined field 'cound'"],
  ["object.port == 'http' || object.port == 80", undefined],
  ["object.names.exists(n, n == 'a')", undefined],
  // Quantities have no type in what is published of a kind, and free objects no fields.
  ["object.limits['cpu'] == '1'", "1:7: undefined field 'limits'"],
  ['object.raw.x == 1', "1:11: undefined field 'x'"],
])('%s', (text, fault) => {
  expect(faultOf(text)).toBe(fault as string)
})

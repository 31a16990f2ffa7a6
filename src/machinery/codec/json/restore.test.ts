import { expect, test } from 'bun:test'
import type { Field, ObjectSchema, Schema } from '../../schema/schema.ts'
import { conform } from './conform.ts'
import { readConverted } from './restore.ts'

const scalar = (kind: 'string' | 'int32' | 'bool' | 'bytes' | 'time' | 'double', goType: string): Schema => ({
  kind,
  goType,
})
const fields: Readonly<Record<string, Schema>> = {
  policy: scalar('string', 'v1.Policy'),
  count: scalar('int32', 'int32'),
  sure: scalar('bool', 'bool'),
  secret: scalar('bytes', '[]uint8'),
  at: scalar('time', 'v1.Time'),
  share: scalar('double', 'float64'),
  data: { kind: 'map', values: scalar('string', 'string'), goType: 'map[string]string' },
  list: { kind: 'list', items: scalar('int32', 'int32'), listType: 'atomic', goType: '[]int32' },
}
const field = (name: string, schema: Schema): Field => ({
  ...{ name, schema, required: false, omitEmpty: true, pointer: false },
})
const schema: ObjectSchema = {
  kind: 'object',
  name: 'example/v1.Thing',
  fields: new Map(Object.entries(fields).map(([name, of]) => [name, field(name, of)])),
}
const read = (value: unknown) => readConverted(schema, value, given => conform(schema, given))

test.each([
  [{ data: { a: 7 } }, 'cannot convert int64 to string'],
  [{ policy: 7 }, 'cannot convert int64 to v1.Policy'],
  [{ policy: true }, 'unrecognized type: string'],
  [{ policy: 1.5 }, 'unrecognized type: string'],
  [{ count: 1.5 }, 'cannot convert float64 to int32'],
  [{ count: 'x' }, 'unrecognized type: int32'],
  [{ sure: 1 }, 'unrecognized type: bool'],
  [{ share: 'x' }, 'unrecognized type: float64'],
  [{ secret: '!' }, 'error decoding from json: illegal base64 data at input byte 0'],
  [{ secret: 7 }, 'cannot restore slice from int64'],
  [{ at: 7 }, 'json: cannot unmarshal number into Go value of type string'],
  [{ data: [] }, 'cannot restore map from slice'],
  [{ list: {} }, 'cannot restore slice from map'],
  [[], 'cannot restore struct from: slice'],
  [{ count: 'x', policy: 7 }, 'cannot convert int64 to v1.Policy'],
])('%j is refused: %s', (value, message) => {
  expect(() => read(value)).toThrow(message)
})

test('a number that is too long loses bits, and what is right is read as ever', () => {
  expect(read({ count: 3_000_000_000, list: [2 ** 31] })).toEqual({
    count: -1_294_967_296,
    list: [-2_147_483_648],
  })
  expect(read({ count: 3, data: { a: 'b' }, bogus: 1 })).toEqual({ count: 3, data: { a: 'b' } })
})

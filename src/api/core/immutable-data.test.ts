import { expect, test } from 'bun:test'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { configMaps } from './config-map.ts'
import { secrets } from './secret.ts'

const forbidden = ['data: Forbidden: field is immutable when `immutable` is set']
const metadata = { name: 'm', namespace: 'a' }

test.each([
  ['a key with an empty value is one more', { a: '', b: '' }, { a: '' }, forbidden],
  ['and one less', { a: '' }, { a: '', b: '' }, forbidden],
  ['an empty map is another thing than none', {}, undefined, forbidden],
  ['the same is the same', { a: '', constructor: 'eA==' }, { constructor: 'eA==', a: '' }, []],
])('of what is immutable: %s', (_, data, old, expected) => {
  for (const { strategy } of [configMaps, secrets]) {
    const errors = createFieldErrors()
    const made = (given: object | undefined) =>
      ({ metadata, immutable: true, type: 'Opaque', ...(given && { data: given }) }) as never
    strategy.validateUpdate!(made(data), made(old), errors)
    expect(errors.list.map(({ field, message }) => `${field}: ${message}`)).toEqual(expected)
  }
})

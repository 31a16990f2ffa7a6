import { describe, expect, test } from 'bun:test'
import { collectFaults, createFieldErrors } from './field-errors.ts'

function messages(fill: (errors: ReturnType<typeof createFieldErrors>) => void): string[] {
  const errors = createFieldErrors()
  fill(errors)
  return errors.list.map(({ message }) => message)
}

describe('field errors read as upstream prints them', () => {
  test('values are quoted, counted or shown as JSON', () => {
    const shown = messages(errors => {
      errors.invalid('a', 'x"y', 'detail')
      errors.invalid('a', 3, 'detail')
      errors.invalid('a', true, 'detail')
      errors.invalid('a', undefined, 'detail')
      errors.invalid('a', { b: [1] }, 'detail')
      errors.invalidHidden('a', 'detail')
    })
    expect(shown).toEqual([
      'Invalid value: "x\\"y": detail',
      'Invalid value: 3: detail',
      'Invalid value: true: detail',
      'Invalid value: null: detail',
      'Invalid value: {"b":[1]}: detail',
      'Invalid value: detail',
    ])
  })

  test('each kind of complaint has its own words', () => {
    const shown = messages(errors => {
      errors.required('a')
      errors.required('a', 'why')
      errors.notSupported('a', 'x', ['y', 'z'])
      errors.notSupported('a', 'x', [])
      errors.forbidden('a', 'why')
      errors.duplicate('a', 'x')
      errors.notFound('a', 'x')
      errors.tooLong('a', 1)
      errors.tooLong('a', 20)
      errors.tooMany('a', 3, 2)
      errors.typeInvalid('a', 1, 'must be a string')
    })
    expect(shown).toEqual([
      'Required value',
      'Required value: why',
      'Unsupported value: "x": supported values: "y", "z"',
      'Unsupported value: "x"',
      'Forbidden: why',
      'Duplicate value: "x"',
      'Not found: "x"',
      'Too long: may not be more than 1 byte',
      'Too long: may not be more than 20 bytes',
      'Too many: 3: must have at most 2 items',
      'Invalid value: 1: must be a string',
    ])
  })
})

test('nobody is told more than 2,000 faults of one object, and no more are looked for', () => {
  let asked = 0
  const found = collectFaults(errors => {
    for (; asked < 1_000_000; asked++) errors.required(`items[${asked}]`, '')
  })
  expect(found).toHaveLength(2_000)
  expect(asked).toBeLessThan(3_000)
})

test('what goes wrong otherwise while faults are collected is thrown on', () => {
  expect(() =>
    collectFaults(() => {
      throw new RangeError('another thing')
    }),
  ).toThrow(RangeError)
})

import { expect, test } from 'bun:test'
import { goRegExp } from './go-regexp.ts'

function matches(pattern: string, text: string): boolean | string {
  const compiled = goRegExp(pattern)
  return 'fault' in compiled ? compiled.fault : compiled.regExp.test(text)
}

test('patterns mean what they mean in Go', () => {
  expect(matches('^[[:alpha:]]+$', 'abc')).toBe(true)
  expect(matches('(?i)^ABC\\z', 'abc')).toBe(true)
  expect(matches('^\\pL$', 'é')).toBe(true)
  expect(matches('b', 'abc')).toBe(true)
})

test('what Go does not know is refused in its words', () => {
  expect(matches('(', '')).toBe('error parsing regexp: missing closing ): `(`')
  expect(matches('^(?!x)', '')).toBe('error parsing regexp: invalid or unsupported Perl syntax: `(?!`')
})

test('a pattern that makes others explode does not', () => {
  expect(matches('^(a+)+$', `${'a'.repeat(5000)}b`)).toBe(false)
})

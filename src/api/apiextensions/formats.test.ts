import { expect, test } from 'bun:test'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { hasFormat, isKnownFormat } from './formats.ts'
import { validateValue } from './value-validation.ts'

// As a stock server takes and refuses them.
test.each([
  ['email', 'a@b.c', true],
  ['email', 'A <a@b.c>', true],
  ['email', 'a', false],
  ['ipv4', '01.2.3.4', true],
  ['ipv4', '::1', false],
  ['cidr', '10.0.0.1/8', true],
  ['mac', '01:23:45:67:89:ab', true],
  ['mac', '0123.4567.89ab', true],
  ['mac', '01:23', false],
  ['byte', 'AAAA', true],
  ['byte', '', false],
  ['duration', '1h30m', true],
  ['duration', '-1.5h', true],
  ['duration', '5 seconds', true],
  ['duration', '1d', true],
  ['duration', '5 sheep', false],
  ['hostname', 'a-b', true],
  ['hostname', 'a.bc', true],
  ['hostname', 'a.b', false],
  ['hostname', '1.2.3.4', false],
  ['hostname', 'a_b', false],
  ['uri', '/x', true],
  ['uri', 'urn:x', true],
  ['uri', 'x', false],
  ['an unknown format', 'anything', true],
])('of the format %s: %j is %p', (format, text, isRight) => {
  expect(hasFormat(format, text)).toBe(isRight)
})

test.each([
  ['date-time', true],
  ['datetime', true],
  ['k8s-short-name', true],
  ['isbn10', true],
  ['password', true],
  ['colour', false],
])('that values are held to the format %s is known: %p', (format, isKnown) => {
  expect(isKnownFormat(format)).toBe(isKnown)
})

test.each([
  [1, true],
  [2n ** 62n, true],
  [1.5, false],
  [1e30, false],
  [2 ** 63, false],
])('%p is an integer: %p', (value, isRight) => {
  const errors = createFieldErrors()
  validateValue({ type: 'integer' }, value, 'a', errors, undefined)
  expect(errors.list.length === 0).toBe(isRight)
})

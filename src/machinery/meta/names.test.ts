import { describe, expect, test } from 'bun:test'
import { simRandom } from '../../std/sim-ports.ts'
import {
  dns1035LabelErrors,
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  generateName,
  identifierErrors,
  labelValueErrors,
  nameIsDnsSubdomain,
  nameIsPathSegment,
  qualifiedNameErrors,
  safeEncode,
} from './names.ts'
import { quote } from './quote.ts'

describe('names', () => {
  test('subdomains', () => {
    expect(dns1123SubdomainErrors('a.b-c.1')).toEqual([])
    expect(dns1123SubdomainErrors('a'.repeat(254))).toEqual(['must be no more than 253 characters'])
    expect(dns1123SubdomainErrors('A_b')).toEqual([
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ])
  })

  test('labels know that dots are the trouble', () => {
    expect(dns1123LabelErrors('a.b')).toEqual(['must not contain dots'])
    expect(dns1123LabelErrors('-a')).toHaveLength(1)
    expect(dns1035LabelErrors('1a')).toEqual([
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ])
  })

  test('qualified names and label values', () => {
    expect(qualifiedNameErrors('example.com/My.Name_1')).toEqual([])
    expect(qualifiedNameErrors('/a')).toEqual(['prefix part must be non-empty'])
    expect(qualifiedNameErrors('a/b/c')).toHaveLength(1)
    expect(qualifiedNameErrors('')).toHaveLength(2)
    expect(labelValueErrors('')).toEqual([])
    expect(labelValueErrors('é')).toHaveLength(1)
    expect(labelValueErrors('é'.repeat(32))).toHaveLength(2)
    expect(identifierErrors('1a')).toHaveLength(1)
  })

  test('a prefix may end in a dash', () => {
    expect(nameIsDnsSubdomain('web-', true)).toEqual([])
    expect(nameIsDnsSubdomain('web-', false)).toHaveLength(1)
    expect(nameIsPathSegment('..', false)).toEqual(["may not be '..'"])
    expect(nameIsPathSegment('a/b%', false)).toEqual(["may not contain '/'", "may not contain '%'"])
  })

  test('a generated name has five safe characters more and at most 63 in all', () => {
    const random = simRandom(1)
    expect(generateName('web-', random)).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    expect(generateName('x'.repeat(80), random)).toHaveLength(63)
    expect(generateName('a', simRandom(7))).toBe(generateName('a', simRandom(7)))
    expect(safeEncode('7b4f6')).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  })

  test('quoting is Go’s', () => {
    expect(quote('a"b\\')).toBe('"a\\"b\\\\"')
    expect(quote('é😀\u0001\n\u200b')).toBe('"é😀\\x01\\n\\u200b"')
  })
})

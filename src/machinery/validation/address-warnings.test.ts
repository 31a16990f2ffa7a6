import { expect, test } from 'bun:test'
import { addressWarnings, rangeWarnings } from './address-warnings.ts'

const future = 'will be considered invalid in a future Kubernetes release: use'

test.each<[string, string[]]>([
  ['10.0.0.1', []],
  ['2001:db8::1', []],
  ['no address', []],
  ['010.0.0.001', [`p: non-standard IP address "010.0.0.001" ${future} "10.0.0.1"`]],
  ['::ffff:1.2.3.4', [`p: non-standard IP address "::ffff:1.2.3.4" ${future} "1.2.3.4"`]],
  [
    '2001:DB8:0::1',
    ['p: IPv6 address "2001:DB8:0::1" should be in RFC 5952 canonical format ("2001:db8::1")'],
  ],
])('the address %s', (value, warnings) => {
  expect(addressWarnings(value, 'p')).toEqual(warnings)
})

test.each<[string, string[]]>([
  ['10.0.0.0/8', []],
  ['2001:db8::/32', []],
  ['no range', []],
  ['10.0.0.0/33', []],
  [
    '10.1.0.0/8',
    ['p: CIDR value "10.1.0.0/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.1.0.0/32"?)'],
  ],
  ['10.0.0.0/08', [`p: non-standard CIDR value "10.0.0.0/08" ${future} "10.0.0.0/8"`]],
  [
    '2001:DB8::/32',
    ['p: IPv6 CIDR value "2001:DB8::/32" should be in RFC 5952 canonical format ("2001:db8::/32")'],
  ],
  ['::ffff:1.2.3.0/120', [`p: non-standard CIDR value "::ffff:1.2.3.0/120" ${future} "1.2.3.0/24"`]],
])('the range %s', (value, warnings) => {
  expect(rangeWarnings(value, 'p')).toEqual(warnings)
})

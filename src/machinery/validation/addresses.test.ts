import { expect, test } from 'bun:test'
import { strictAddressErrors, strictCidrErrors } from './addresses.ts'

test.each([
  ['10.9.8.7', ''],
  ['fd00::1', ''],
  ['::', ''],
  ['10.9.8.007', 'must not have leading 0s'],
  ['fd00:0::1', 'must be in canonical form ("fd00::1")'],
  ['FD00::1', 'must be in canonical form ("fd00::1")'],
  ['::ffff:1.2.3.4', 'must not be an IPv4-mapped IPv6 address'],
  ['10.9.8', 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ['10.9.8.0/24', 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ['fe80::1%eth0', 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
])('the address %s', (value, fault) => expect(strictAddressErrors(value).join()).toBe(fault))

test.each([
  ['10.9.8.0/24', ''],
  ['fd00::/112', ''],
  ['0.0.0.0/0', ''],
  ['10.9.8.1/24', 'must not have bits set beyond the prefix length'],
  ['010.9.8.0/24', 'must not have leading 0s in IP or prefix length'],
  ['10.9.8.0/024', 'must not have leading 0s in IP or prefix length'],
  ['fd00:0::/112', 'must be in canonical form ("fd00::/112")'],
  ['::ffff:1.2.3.0/120', 'must not have an IPv4-mapped IPv6 address'],
  ['10.9.8.0/33', 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
  ['10.9.8.0', 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
])('the range %s', (value, fault) => expect(strictCidrErrors(value).join()).toBe(fault))

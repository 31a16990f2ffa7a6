/** IP addresses and ranges (apiserver pkg/cel/library ip.go and cidr.go). */
import ipaddr from 'ipaddr.js'
import { quote } from '../../meta/quote.ts'
import { CelError, noSuchOverload } from '../language/errors.ts'
import { boolType, intType, opaqueType, stringType } from '../language/type.ts'
import type { StructValue } from '../language/value.ts'
import { type Functions, global, member } from './declare.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6

export const ipType = opaqueType('net.IP')
export const cidrType = opaqueType('net.CIDR')

class Ip implements StructValue {
  readonly typeName = 'net.IP'
  readonly address: Address
  constructor(address: Address) {
    this.address = address
  }
  get size(): number {
    return this.address.toByteArray().length
  }
  equals(other: StructValue): boolean {
    return String((other as Ip).address) === String(this.address)
  }
}

class Cidr implements StructValue {
  readonly typeName = 'net.CIDR'
  readonly address: Address
  readonly bits: number
  constructor(address: Address, bits: number) {
    this.address = address
    this.bits = bits
  }
  get size(): number {
    return Math.ceil(this.bits / 8)
  }
  equals(other: StructValue): boolean {
    return String(other) === String(this)
  }
  toString(): string {
    return `${this.address}/${this.bits}`
  }
}

const dotted = /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/

/** Why a text is no address that is allowed here, or the address. */
function readIp(text: string): Address | string {
  const failed = (why: string) =>
    `IP Address ${quote(text)} parse error during conversion from string: ParseAddr(${quote(text)}): ${why}`
  if (text.includes('%')) return `IP address ${quote(text)} with zone value is not allowed`
  const isFour = dotted.test(text) && text.split('.').every(part => Number(part) < 256)
  if (!isFour && !(text.includes(':') && ipaddr.IPv6.isValid(text))) return failed('unable to parse IP')
  const address = ipaddr.parse(text)
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress())
    return `IPv4-mapped IPv6 address ${quote(text)} is not allowed`
  return address
}

function toIp(text: string): Ip {
  const found = readIp(text)
  if (typeof found === 'string') throw new CelError(found)
  return new Ip(found)
}

function readCidr(text: string): Cidr | string {
  const prefix = 'network address parse error during conversion from string'
  const [, base = '', bits = ''] = /^(.*)\/(0|[1-9]\d*)$/.exec(text) ?? []
  const address = bits === '' ? undefined : readIp(base)
  if (typeof address === 'string' && address.startsWith('IPv4-mapped'))
    return `IPv4-mapped IPv6 address ${quote(text)} is not allowed`
  if (address === undefined || typeof address === 'string')
    return `${prefix}: netip.ParsePrefix(${quote(text)}): ${bits === '' ? "no '/'" : 'unable to parse IP'}`
  const max = address.kind() === 'ipv4' ? 32 : 128
  if (Number(bits) > max) return `${prefix}: netip.ParsePrefix(${quote(text)}): prefix length out of range`
  return new Cidr(address, Number(bits))
}

function toCidr(text: string): Cidr {
  const found = readCidr(text)
  if (typeof found === 'string')
    throw new CelError(`network address parse error during conversion from string: ${found}`)
  return found
}

const is =
  (...ranges: string[]) =>
  ({ address }: Ip) =>
    ranges.includes(address.range())

function isGlobalUnicast(ip: Ip): boolean {
  return !is('unspecified', 'loopback', 'linkLocal', 'multicast', 'broadcast')(ip)
}

function isLinkLocalMulticast({ address }: Ip): boolean {
  const bytes = address.toByteArray()
  if (bytes.length === 4) return bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0
  return bytes[0] === 0xff && (bytes[1]! & 0x0f) === 2
}

function holds({ address, bits }: Cidr, other: Address): boolean {
  return address.kind() === other.kind() && other.match(address as never, bits)
}

/** A text that is no address is to upstream an argument of another type, and that is all it says. */
function holdsText(range: Cidr, text: string): boolean {
  const found = readIp(text)
  if (typeof found === 'string') throw noSuchOverload()
  return holds(range, found)
}

function covers(range: Cidr, inner: Cidr): boolean {
  return inner.bits >= range.bits && holds(range, inner.address)
}

function masked({ address, bits }: Cidr): Cidr {
  const kind = address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6
  return new Cidr(kind.networkAddressFromCIDR(`${address}/${bits}`), bits)
}

export const network: Functions = {
  ip: [
    global('string_to_ip', [stringType], ipType, toIp),
    member('cidr_ip', [cidrType], ipType, ({ address }: Cidr) => new Ip(address)),
  ],
  'ip.isCanonical': [
    global('ip_is_canonical', [stringType], boolType, (text: string) => String(toIp(text).address) === text),
  ],
  isIP: [global('is_ip', [stringType], boolType, (text: string) => typeof readIp(text) !== 'string')],
  family: [
    member('ip_family', [ipType], intType, ({ address }: Ip) => (address.kind() === 'ipv4' ? 4n : 6n)),
  ],
  isUnspecified: [member('ip_is_unspecified', [ipType], boolType, is('unspecified'))],
  isLoopback: [member('ip_is_loopback', [ipType], boolType, is('loopback'))],
  isLinkLocalMulticast: [member('ip_is_link_local_multicast', [ipType], boolType, isLinkLocalMulticast)],
  isLinkLocalUnicast: [member('ip_is_link_local_unicast', [ipType], boolType, is('linkLocal'))],
  isGlobalUnicast: [member('ip_is_global_unicast', [ipType], boolType, isGlobalUnicast)],
  cidr: [global('string_to_cidr', [stringType], cidrType, toCidr)],
  isCIDR: [global('is_cidr', [stringType], boolType, (text: string) => typeof readCidr(text) !== 'string')],
  containsIP: [
    member('cidr_contains_ip_string', [cidrType, stringType], boolType, holdsText),
    member('cidr_contains_ip_ip', [cidrType, ipType], boolType, (range: Cidr, { address }: Ip) =>
      holds(range, address),
    ),
  ],
  containsCIDR: [
    member('cidr_contains_cidr_string', [cidrType, stringType], boolType, (range: Cidr, text: string) =>
      covers(range, toCidr(text)),
    ),
    member('cidr_contains_cidr', [cidrType, cidrType], boolType, covers),
  ],
  prefixLength: [member('cidr_prefix_length', [cidrType], intType, ({ bits }: Cidr) => BigInt(bits))],
  masked: [member('cidr_masked', [cidrType], cidrType, masked)],
  string: [
    global('ip_to_string', [ipType], stringType, ({ address }: Ip) => String(address)),
    global('cidr_to_string', [cidrType], stringType, String),
  ],
}

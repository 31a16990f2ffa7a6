import ipaddr from 'ipaddr.js'

const notAddress = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
const notRange = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

/** What is wrong with an address that must be written in the one usual way (apimachinery validation.IsValidIP). */
export function strictAddressErrors(value: string): readonly string[] {
  const address = parseSloppy(value)
  if (!address) return [notAddress]
  if (hasLeadingZeros(value)) return ['must not have leading 0s']
  if (isMapped(address)) return ['must not be an IPv4-mapped IPv6 address']
  const usual = canonical(address)
  return value === usual ? [] : [`must be in canonical form (${JSON.stringify(usual)})`]
}

/** The same for a range, whose address must be its first (validation.IsValidCIDR). */
export function strictCidrErrors(value: string): readonly string[] {
  const [, text = '', prefix = ''] = /^([^/]*)\/(\d+)$/.exec(value) ?? []
  const address = parseSloppy(text)
  const bits = Number(prefix)
  if (!address || prefix === '' || bits > (address.kind() === 'ipv4' ? 32 : 128)) return [notRange]
  if (hasLeadingZeros(text) || /^0\d/.test(prefix)) return ['must not have leading 0s in IP or prefix length']
  if (isMapped(address)) return ['must not have an IPv4-mapped IPv6 address']
  const usual = `${canonical(address)}/${bits}`
  const first = address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6
  if (canonical(first.networkAddressFromCIDR(usual)) !== canonical(address))
    return ['must not have bits set beyond the prefix length']
  return value === usual ? [] : [`must be in canonical form (${JSON.stringify(usual)})`]
}

export type Address = ipaddr.IPv4 | ipaddr.IPv6

/** As Go reads addresses of old, with zeros before numbers. */
export function parseSloppy(value: string): Address | undefined {
  const text = isDotted(value) ? value.replace(/\b0+(?=\d)/g, '') : value
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  return text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text)
    ? ipaddr.IPv6.parse(text)
    : undefined
}

/** The same, and an address of version 4 within one of version 6 is that alone, as Go has it. */
export function parsePlain(value: string): Address | undefined {
  const address = parseSloppy(value)
  return address && isMapped(address) ? (address as ipaddr.IPv6).toIPv4Address() : address
}

/** A range as Go reads it of old: its address and how many bits of it count. */
export function parseSloppyRange(value: string): readonly [Address, bits: number] | undefined {
  const [, text = '', prefix = ''] = /^([^/]*)\/(\d+)$/.exec(value) ?? []
  const address = parseSloppy(text)
  const bits = Number(prefix)
  return address && prefix !== '' && bits <= (address.kind() === 'ipv4' ? 32 : 128)
    ? [address, bits]
    : undefined
}

function isDotted(value: string): boolean {
  return /^\d+(?:\.\d+){3}$/.test(value)
}

export function hasLeadingZeros(value: string): boolean {
  return isDotted(value) && /(?:^|\.)0\d/.test(value)
}

export function isMapped(address: Address): boolean {
  return address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress()
}

export function canonical(address: Address): string {
  return address.kind() === 'ipv6' ? (address as ipaddr.IPv6).toRFC5952String() : address.toString()
}

/** What will not be taken for ever of addresses that are taken today (apimachinery util/validation/ip.go). */
import ipaddr from 'ipaddr.js'
import { quote } from '../meta/quote.ts'
import { type Address, canonical, hasLeadingZeros, isMapped, parseSloppy } from './addresses.ts'

/** Nearly all addresses: nothing can be said of them. */
const usualAddress = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/

/** Of an address that may be spelled as of old (GetWarningsForIP). */
export function addressWarnings(value: string, path: string): string[] {
  const address = usualAddress.test(value) ? undefined : parseSloppy(value)
  if (!address) return []
  if (hasLeadingZeros(value) || isMapped(address))
    return [`${path}: ${nonStandard('IP address', value, plain(address))}`]
  const usual = canonical(address)
  return usual === value ? [] : [`${path}: ${notCanonical('IPv6 address', value, usual)}`]
}

/** The same of a range (GetWarningsForCIDR). */
export function rangeWarnings(value: string, path: string): string[] {
  const [, text = '', prefix = ''] = /^([^/]*)\/(\d+)$/.exec(value) ?? []
  const address = parseSloppy(text)
  if (!address) return []
  const bitsMax = address.kind() === 'ipv4' ? 32 : 128
  const bits = Number(prefix)
  if (bits > bitsMax) return []
  const range = plainRange(networkOf(address, bits), bits)
  const warnings: string[] = []
  if (canonical(networkOf(address, bits)) !== canonical(address)) {
    const alone = `${plain(address)}/${bitsMax}`
    const either = `should be ${quote(range)} or ${quote(alone)}?`
    warnings.push(`${path}: CIDR value ${quote(value)} is ambiguous in this context (${either})`)
  }
  const isOld = hasLeadingZeros(text) || /^0\d/.test(prefix) || isMapped(address)
  if (isOld) warnings.push(`${path}: ${nonStandard('CIDR value', value, range)}`)
  const usual = `${canonical(address)}/${bits}`
  if (warnings.length === 0 && usual !== value)
    warnings.push(`${path}: ${notCanonical('IPv6 CIDR value', value, usual)}`)
  return warnings
}

function nonStandard(what: string, value: string, usual: string): string {
  return `non-standard ${what} ${quote(value)} will be considered invalid in a future Kubernetes release: use ${quote(usual)}`
}

function notCanonical(what: string, value: string, usual: string): string {
  return `${what} ${quote(value)} should be in RFC 5952 canonical format (${quote(usual)})`
}

function networkOf(address: Address, bits: number): Address {
  const text = `${canonical(address)}/${bits}`
  return address.kind() === 'ipv4'
    ? ipaddr.IPv4.networkAddressFromCIDR(text)
    : ipaddr.IPv6.networkAddressFromCIDR(text)
}

function plainRange(network: Address, bits: number): string {
  return `${plain(network)}/${isMapped(network) ? bits - mappedBits : bits}`
}

/** What stands before an address of version 4 in one of version 6. */
const mappedBits = 96

/** As Go prints it: what is mapped is an address of version 4. */
function plain(address: Address): string {
  return isMapped(address) ? (address as ipaddr.IPv6).toIPv4Address().toString() : canonical(address)
}

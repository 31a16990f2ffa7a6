import ipaddr from 'ipaddr.js'
import { parsePlain } from '../../machinery/validation/addresses.ts'

export type Family = 'IPv4' | 'IPv6'

/** A range of addresses, counted from its first one. */
export interface AddressRange {
  readonly text: string
  readonly family: Family
  /** Its network address, which nobody gets. */
  readonly network: string
  /** How many of its addresses are given out unasked, from `at(0)` on. */
  readonly size: number
  /** `index` 0 is the address after the network's. */
  at(index: number): string
  /** Whether it may be given out: in the network, but neither its own address nor, for IPv4, the broadcast one. */
  has(address: string): boolean
}

/** Of a larger range only the first so many are given out unasked. */
const sizeMax = 2 ** 30

const ranges = new Map<string, AddressRange>()

/** Reads `10.43.0.0/16`. Throws for what is no CIDR. */
export function parseRange(text: string): AddressRange {
  const known = ranges.get(text)
  if (known) return known
  const range = toRange(text)
  ranges.set(text, range)
  return range
}

function toRange(text: string): AddressRange {
  const [base, bits] = ipaddr.parseCIDR(text)
  const isV4 = base.kind() === 'ipv4'
  const network = networkOf(text, isV4)
  const first = toNumber(ipaddr.parse(network))
  const hostBits = BigInt((isV4 ? 32 : 128) - bits)
  const last = first + 2n ** hostBits - (isV4 ? 2n : 1n)
  const count = last - first
  return {
    text,
    family: isV4 ? 'IPv4' : 'IPv6',
    network,
    size: count > BigInt(sizeMax) ? sizeMax : Math.max(0, Number(count)),
    at: index => fromNumber(first + BigInt(index + 1), isV4),
    has(address) {
      if (!ipaddr.isValid(address)) return false
      const parsed = ipaddr.parse(address)
      if (parsed.kind() !== base.kind()) return false
      const number = toNumber(parsed)
      return number > first && number <= last
    },
  }
}

/** One spelling of an address, as its IPAddress object is named. */
export function canonicalAddress(text: string): string {
  return (parsePlain(text) ?? ipaddr.parse(text)).toString()
}

export function familyOf(address: string): Family {
  return parsePlain(address)?.kind() === 'ipv6' ? 'IPv6' : 'IPv4'
}

function networkOf(text: string, isV4: boolean): string {
  const network = isV4 ? ipaddr.IPv4.networkAddressFromCIDR(text) : ipaddr.IPv6.networkAddressFromCIDR(text)
  return network.toString()
}

type Address = ReturnType<typeof ipaddr.parse>

function toNumber(address: Address): bigint {
  return address.toByteArray().reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

function fromNumber(value: bigint, isV4: boolean): string {
  const bytes: number[] = []
  for (let shift = isV4 ? 24n : 120n; shift >= 0n; shift -= 8n) bytes.push(Number((value >> shift) & 255n))
  return ipaddr.fromByteArray(bytes).toString()
}

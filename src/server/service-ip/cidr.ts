import ipaddr from 'ipaddr.js'

/** A range of addresses, counted from its first one. */
export interface AddressRange {
  readonly text: string
  readonly family: 'IPv4' | 'IPv6'
  /** Addresses that may be given out; the first (the network) and, for IPv4, the last (broadcast) may not. */
  readonly size: number
  /** `index` 0 is the address after the network's. */
  at(index: number): string
  /** Whether it lies in the network at all. */
  covers(address: string): boolean
  /** Whether it may be given out. */
  has(address: string): boolean
}

/** More than this many addresses of a large IPv6 range are never used (upstream's limit is 2^16). */
const sizeMax = 2 ** 16

/** Reads `10.43.0.0/16`. Throws for what is no CIDR. */
export function parseRange(text: string): AddressRange {
  const [base, bits] = ipaddr.parseCIDR(text)
  const isV4 = base.kind() === 'ipv4'
  const first = toNumber(ipaddr.parse(networkOf(text, isV4)))
  const hostBits = (isV4 ? 32 : 128) - bits
  const size =
    Math.min(hostBits >= 20 ? sizeMax * 16 : 2 ** hostBits, isV4 ? 2 ** hostBits : sizeMax) - (isV4 ? 2 : 1)
  return {
    text,
    family: isV4 ? 'IPv4' : 'IPv6',
    size,
    at: index => fromNumber(first + BigInt(index + 1), isV4),
    covers(address) {
      const parsed = ipaddr.parse(address)
      return parsed.kind() === base.kind() && parsed.match(base, bits)
    },
    has(address) {
      if (!ipaddr.isValid(address)) return false
      const offset = toNumber(ipaddr.parse(address)) - first
      return ipaddr.parse(address).kind() === base.kind() && offset >= 1n && offset <= BigInt(size)
    },
  }
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

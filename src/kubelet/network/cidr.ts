/** An IPv4 range as numbers: the first address and how many there are. */
export interface Cidr4 {
  readonly first: number
  readonly size: number
  readonly prefixLength: number
}

/** `10.42.0.0/24` → its range. Throws on anything else, IPv6 included. */
export function parseCidr4(text: string): Cidr4 {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text)
  const bytes = match?.slice(1, 5).map(Number) ?? []
  const prefixLength = Number(match?.[5])
  if (!match || bytes.some(byte => byte > 255) || prefixLength > 32)
    throw new Error(`"${text}" is not an IPv4 CIDR`)
  const size = 2 ** (32 - prefixLength)
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  return { first: address - (address % size), size, prefixLength }
}

/** The address at `offset` in the range, as text. */
export function addressAt(cidr: Cidr4, offset: number): string {
  const address = cidr.first + offset
  return [24, 16, 8, 0].map(shift => Math.floor(address / 2 ** shift) % 256).join('.')
}

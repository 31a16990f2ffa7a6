import type { Environment } from '@marcbachmann/cel-js'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** An IP address as a value of the language. */
class Ip {
  readonly address: Address
  constructor(address: Address) {
    this.address = address
  }
}

/** An address range as a value of the language. */
class Cidr {
  readonly address: Address
  readonly bits: number
  constructor(address: Address, bits: number) {
    this.address = address
    this.bits = bits
  }
}

/** A parsed URL as a value of the language. */
class Url {
  readonly url: URL
  constructor(url: URL) {
    this.url = url
  }
}

class IpNames {}

/** apiserver pkg/cel/library ip.go, cidr.go and urls.go. */
export function registerNetwork(environment: Environment): void {
  registerAddresses(environment)
  registerRanges(environment)
  registerUrls(environment)
}

function registerAddresses(environment: Environment): void {
  const is =
    (...ranges: string[]) =>
    ({ address }: Ip) =>
      ranges.includes(address.range())
  environment
    .registerType('net.IP', Ip)
    .registerType('IpNames', IpNames)
    .registerConstant('ip', 'IpNames', new IpNames())
    .registerFunction('ip(string): net.IP', parseIp)
    .registerFunction('isIP(string): bool', isIp)
    .registerFunction('IpNames.isCanonical(string): bool', (_names: IpNames, text: string) => {
      return parseIp(text).address.toString() === text
    })
    .registerFunction('string(net.IP): string', ({ address }: Ip) => address.toString())
    .registerFunction('net.IP.family(): int', ({ address }: Ip) => (address.kind() === 'ipv4' ? 4n : 6n))
    .registerFunction('net.IP.isUnspecified(): bool', is('unspecified'))
    .registerFunction('net.IP.isLoopback(): bool', is('loopback'))
    .registerFunction('net.IP.isLinkLocalUnicast(): bool', is('linkLocal'))
    .registerFunction('net.IP.isLinkLocalMulticast(): bool', ({ address }: Ip) => {
      return /^(224\.0\.0\.|ff.2:)/.test(address.toString())
    })
    .registerFunction('net.IP.isGlobalUnicast(): bool', (ip: Ip) => {
      return !is('unspecified', 'loopback', 'linkLocal', 'multicast', 'broadcast')(ip)
    })
    .registerOperator('net.IP == net.IP', (a: Ip, b: Ip) => a.address.toString() === b.address.toString())
}

function registerRanges(environment: Environment): void {
  const holds = (range: Cidr, address: Address) =>
    range.address.kind() === address.kind() && address.match(range.address as never, range.bits)
  environment
    .registerType('net.CIDR', Cidr)
    .registerFunction('cidr(string): net.CIDR', parseCidr)
    .registerFunction('isCIDR(string): bool', (text: string) => ipaddr.isValidCIDR(text))
    .registerFunction(
      'string(net.CIDR): string',
      ({ address, bits }: Cidr) => `${address.toString()}/${bits}`,
    )
    .registerFunction('net.CIDR.containsIP(string): bool', (range: Cidr, text: string) =>
      holds(range, parseIp(text).address),
    )
    .registerFunction('net.CIDR.containsIP(net.IP): bool', (range: Cidr, { address }: Ip) =>
      holds(range, address),
    )
    .registerFunction('net.CIDR.containsCIDR(string): bool', (range: Cidr, text: string) =>
      covers(range, parseCidr(text)),
    )
    .registerFunction('net.CIDR.containsCIDR(net.CIDR): bool', covers)
    .registerFunction('net.CIDR.ip(): net.IP', ({ address }: Cidr) => new Ip(address))
    .registerFunction('net.CIDR.prefixLength(): int', ({ bits }: Cidr) => BigInt(bits))
    .registerFunction('net.CIDR.masked(): net.CIDR', ({ address, bits }: Cidr) => {
      const text = `${address.toString()}/${bits}`
      const kind = address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6
      return new Cidr(kind.networkAddressFromCIDR(text), bits)
    })
  function covers(range: Cidr, inner: Cidr): boolean {
    return inner.bits >= range.bits && holds(range, inner.address)
  }
}

function registerUrls(environment: Environment): void {
  environment
    .registerType('net.URL', Url)
    .registerFunction('url(string): net.URL', (text: string) => {
      if (!URL.canParse(text)) throw new Error(`URL parse error during conversion from string: ${text}`)
      return new Url(new URL(text))
    })
    .registerFunction('isURL(string): bool', (text: string) => URL.canParse(text))
    .registerFunction('net.URL.getScheme(): string', ({ url }: Url) => url.protocol.slice(0, -1))
    .registerFunction('net.URL.getHost(): string', ({ url }: Url) => url.host)
    .registerFunction('net.URL.getHostname(): string', ({ url }: Url) => url.hostname.replace(/^\[|\]$/g, ''))
    .registerFunction('net.URL.getPort(): string', ({ url }: Url) => url.port)
    .registerFunction('net.URL.getEscapedPath(): string', ({ url }: Url) => url.pathname)
    .registerFunction('net.URL.getQuery(): map<string, list<string>>', ({ url }: Url) => {
      const names = new Set(url.searchParams.keys())
      return Object.fromEntries(Array.from(names, name => [name, url.searchParams.getAll(name)]))
    })
}

function isIp(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && ipaddr.IPv6.isValid(text))
}

function parseIp(text: string): Ip {
  if (!isIp(text))
    throw new Error(`IP Address ${JSON.stringify(text)} parse error during conversion from string`)
  return new Ip(ipaddr.parse(text))
}

function parseCidr(text: string): Cidr {
  if (!ipaddr.isValidCIDR(text))
    throw new Error(`network address parse error during conversion from string: ${JSON.stringify(text)}`)
  const [address, bits] = ipaddr.parseCIDR(text)
  return new Cidr(address, bits)
}

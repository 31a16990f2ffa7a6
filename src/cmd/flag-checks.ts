import ipaddr from 'ipaddr.js'
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../machinery/meta/names.ts'

/** Throws a sentence unless the text is one IPv4 or IPv6 address. */
export function checkAddress(text: string): void {
  // What the library takes for an address besides is no address to anybody else: 1, 0x7f.1.
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)
  if (!isAddress) throw new Error(`"${text}" is not an IP address`)
}

/** Throws a sentence unless a node may have this name. */
export function checkNodeName(text: string): void {
  if (dns1123SubdomainErrors(text).length > 0)
    throw new Error(`"${text}" is not a name of lower case letters, digits, "-" and "."`)
}

/** Throws a sentence unless services may live in this DNS domain. */
export function checkDomain(text: string): void {
  const isDomain =
    text.length <= 200 && text.split('.').every(label => dns1123LabelErrors(label).length === 0)
  if (!isDomain) throw new Error(`"${text}" is not a DNS domain such as cluster.local`)
}

/** Throws a sentence unless a certificate can be for each of these, which commas separate. */
export function checkCertificateNames(text: string): void {
  const isWrong = (name: string) =>
    !ipaddr.isValid(name) && dns1123SubdomainErrors(name.toLowerCase().replace(/^\*\./, '')).length > 0
  const wrong = text.split(',').filter(Boolean).find(isWrong)
  if (wrong !== undefined) throw new Error(`"${wrong}" is neither a DNS name nor an IP address`)
}

/** What each node takes of the pods' range. */
const nodePrefixBits = { ipv4: 24, ipv6: 64 } as const

/** Throws a sentence unless every node can have a range of its own in each of these ranges. */
export function checkPodRanges(text: string): void {
  checkRanges(text)
  for (const each of text.split(',')) {
    const [address, bits] = ipaddr.parseCIDR(each)
    const bitsMax = nodePrefixBits[address.kind()]
    if (bits > bitsMax) throw new Error(`"${each}" is too small: each node takes a /${bitsMax} of it`)
  }
}

/** Throws a sentence unless this is one range, or one of each family; the first is the primary one and IPv4. */
export function checkRanges(text: string): void {
  const [first = '', second, ...more] = text.split(',')
  for (const each of [first, second ?? first])
    if (!/^[\da-fA-F.:]+\/\d{1,3}$/.test(each) || !ipaddr.isValidCIDR(each))
      throw new Error(`"${each}" is not a CIDR such as 10.42.0.0/16`)
  if (more.length > 0 || first.includes(':') || (second !== undefined && !second.includes(':')))
    throw new Error(`"${text}" is neither one CIDR nor an IPv4 and an IPv6 one, as 10.42.0.0/16,fd42::/56`)
}

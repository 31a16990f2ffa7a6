import ipaddr from 'ipaddr.js'
import {
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  labelValueErrors,
  qualifiedNameErrors,
} from '../machinery/meta/names.ts'
import { forbiddenLabels } from '../server/admission/node-labels.ts'

/** Throws a sentence unless the text is one IPv4 or IPv6 address. */
export function checkAddress(text: string): void {
  // What the library takes for an address besides is no address to anybody else: 1, 0x7f.1.
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)
  if (!isAddress) throw new Error(`"${text}" is not an IP address`)
}

/** Throws a sentence unless something can listen there for others to find: 0 would be another port at each start. */
export function checkPort(text: string): void {
  if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > 65_535)
    throw new Error(`"${text}" is not a port (1 to 65535)`)
}

/** `192.0.2.7:80` or `[2001:db8::7]:80` as its parts; throws a sentence when it is neither. */
export function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined) throw new Error(`"${text}" is not ADDRESS:PORT`)
  checkAddress(host)
  checkPort(port)
  return { host, port: Number(port) }
}

/** Throws a sentence unless a node may have each of these labels, which commas separate. */
export function checkLabels(text: string): void {
  for (const pair of text.split(',')) {
    const [key = '', value, ...more] = pair.split('=')
    if (value === undefined || more.length > 0) throw new Error(`"${pair}" is not KEY=VALUE`)
    requireLabel(pair, key, value)
    if (forbiddenLabels({ [key]: value }, {}).length > 0)
      throw new Error(
        `"${pair}": a node may not label itself so below kubernetes.io and k8s.io, but below kubelet.kubernetes.io and node.kubernetes.io`,
      )
  }
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

/** Throws a sentence unless a node may have each of these taints, which commas separate. */
export function checkTaints(text: string): void {
  for (const taint of text.split(',')) {
    const [pair = '', effect = '', ...rest] = taint.split(':')
    const [key = '', value = '', ...more] = pair.split('=')
    if (!effects.includes(effect) || rest.length + more.length > 0)
      throw new Error(`"${taint}" is not KEY[=VALUE]:EFFECT with NoSchedule, PreferNoSchedule or NoExecute`)
    requireLabel(taint, key, value)
  }
}

function requireLabel(given: string, key: string, value: string): void {
  const [problem] = [...qualifiedNameErrors(key), ...labelValueErrors(value)]
  if (problem !== undefined) throw new Error(`"${given}": ${problem}`)
}

/** `https://ADDRESS:PORT` of a server; throws a sentence when the text is no such URL. */
export function serverOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' && url.pathname === '/' && url.search === '') return url.origin
  throw new Error(`"${text}" is not the URL of a server such as https://192.0.2.7:6443`)
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

/** The least that services take: the cluster DNS is their tenth address. */
const servicePrefixBits = { ipv4: 28, ipv6: 124 } as const

/** Throws a sentence unless services can have addresses in each of these ranges. */
export function checkServiceRanges(text: string): void {
  checkRanges(text)
  for (const each of text.split(',')) {
    const [address, bits] = ipaddr.parseCIDR(each)
    const bitsMax = servicePrefixBits[address.kind()]
    if (bits > bitsMax) throw new Error(`"${each}" is too small: at least a /${bitsMax} is needed`)
  }
}

/** Throws a sentence unless this is one range, or one of each family; the first is the primary one and IPv4. */
function checkRanges(text: string): void {
  const [first = '', second, ...more] = text.split(',')
  for (const each of [first, second ?? first]) checkRange(each)
  if (more.length > 0 || first.includes(':') || (second !== undefined && !second.includes(':')))
    throw new Error(`"${text}" is neither one CIDR nor an IPv4 and an IPv6 one, as 10.42.0.0/16,fd42::/56`)
}

function checkRange(text: string): void {
  if (!/^[\da-fA-F.:]+\/\d{1,3}$/.test(text) || !ipaddr.isValidCIDR(text))
    throw new Error(`"${text}" is not a CIDR such as 10.42.0.0/16`)
  const [address, bits] = ipaddr.parseCIDR(text)
  const first = networkOf(text).toString()
  if (address.toString() !== first)
    throw new Error(`"${text}" does not begin where its range does: use ${first}/${bits}`)
}

function networkOf(cidr: string): ipaddr.IPv4 | ipaddr.IPv6 {
  const family = cidr.includes(':') ? ipaddr.IPv6 : ipaddr.IPv4
  return family.networkAddressFromCIDR(cidr)
}

/** Whether the one range lies in the other, in part or as a whole. */
export function overlap(one: string, other: string): boolean {
  if (one.includes(':') !== other.includes(':')) return false
  const bits = Math.min(...[one, other].map(cidr => ipaddr.parseCIDR(cidr)[1]))
  return (
    networkOf(`${one.split('/')[0]}/${bits}`).toString() ===
    networkOf(`${other.split('/')[0]}/${bits}`).toString()
  )
}

/** Whether an address is one of a range's. */
export function isWithin(address: string, cidr: string): boolean {
  return overlap(`${address}/${address.includes(':') ? 128 : 32}`, cidr)
}

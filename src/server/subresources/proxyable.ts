import { lookup } from 'node:dns/promises'
import ipaddr from 'ipaddr.js'
import { badRequest } from '../../machinery/status/errors.ts'

const closedRanges = new Set(['unspecified', 'loopback', 'linkLocal', 'multicast', 'broadcast'])

/** Nobody gets through a proxy to what only the server's own machine can reach (Go's IP.IsGlobalUnicast). */
export function isProxyable(address: string): boolean {
  return ipaddr.isValid(address) && !closedRanges.has(ipaddr.process(address).range())
}

/** 400 for a host name or address that leads to the server's own machine, or nowhere. */
export async function requireProxyable(host: string): Promise<void> {
  const addresses = ipaddr.isValid(host) ? [host] : await addressesOf(host)
  if (!addresses.every(isProxyable)) throw badRequest('address not allowed')
}

async function addressesOf(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch {
    throw badRequest(`lookup ${host}: no such host`)
  }
}

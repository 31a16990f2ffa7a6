import type { Backend, ServicePort } from '../model/service-port.ts'

/**
 * What lies in the table `ip hutch`: chains and sets with their texts, maps with their elements. Pure data, so that
 * two states can be compared and the difference written as one transaction.
 */
export interface Ruleset {
  /** Name → rules. */
  readonly chains: ReadonlyMap<string, readonly string[]>
  /** Sets that packets fill (session affinity): name → declaration. */
  readonly sets: ReadonlyMap<string, string>
  /** Map or set name → element → value (`''` for sets). */
  readonly elements: ReadonlyMap<ElementMap, ReadonlyMap<string, string>>
}

export type ElementMap =
  | 'service-ips'
  | 'service-nodeports'
  | 'no-endpoint-ips'
  | 'no-endpoint-nodeports'
  | 'hairpin'

/** Packets with this mark get the node's own address on the way out. */
export const masqueradeMark = '0x00004000'

/** The rules of all service ports. Each port has chains of its own, so that a change touches nothing else. */
export function rulesetOf(ports: Iterable<ServicePort>): Ruleset {
  const draft: Draft = {
    chains: new Map(),
    sets: new Map(),
    elements: new Map(elementMaps.map(name => [name, new Map<string, string>()])),
  }
  for (const port of ports) addPort(draft, port)
  return draft
}

interface Draft {
  readonly chains: Map<string, readonly string[]>
  readonly sets: Map<string, string>
  readonly elements: Map<ElementMap, Map<string, string>>
}

export const elementMaps: readonly ElementMap[] = [
  'service-ips',
  'service-nodeports',
  'no-endpoint-ips',
  'no-endpoint-nodeports',
  'hairpin',
]

function addPort(draft: Draft, port: ServicePort): void {
  const id = Bun.hash(port.id).toString(36)
  for (const { ip } of [...port.internal, ...port.external])
    draft.elements.get('hairpin')!.set(`${ip} . ${ip}`, '')
  const inside = port.internal.length > 0 ? `service-${id}` : undefined
  if (inside) addBalancer(draft, inside, port, port.internal)
  for (const ip of port.clusterIps) addAddress(draft, ip, port, inside)
  if (port.nodePort === undefined && port.externalIps.length === 0) return
  const outside = port.external.length > 0 ? `external-${id}` : undefined
  if (outside) addExternal(draft, outside, port)
  for (const ip of port.externalIps) addAddress(draft, ip, port, outside)
  if (port.nodePort === undefined) return
  const element = `${port.protocol} . ${port.nodePort}`
  if (outside) draft.elements.get('service-nodeports')!.set(element, `goto ${outside}`)
  else draft.elements.get('no-endpoint-nodeports')!.set(element, withoutEndpoints(port))
}

function addAddress(draft: Draft, ip: string, port: ServicePort, chain: string | undefined): void {
  const element = `${ip} . ${port.protocol} . ${port.port}`
  if (chain) draft.elements.get('service-ips')!.set(element, `goto ${chain}`)
  else draft.elements.get('no-endpoint-ips')!.set(element, 'goto refuse')
}

/** With policy Local another node may have endpoints: stay silent, so that a load balancer tries that one. */
function withoutEndpoints(port: ServicePort): string {
  return port.keepsClientIp ? 'drop' : 'goto refuse'
}

function addExternal(draft: Draft, chain: string, port: ServicePort): void {
  const inner = `${chain}-to`
  addBalancer(draft, inner, port, port.external)
  draft.chains.set(chain, [
    ...(port.keepsClientIp ? [] : [`meta mark set meta mark or ${masqueradeMark}`]),
    `goto ${inner}`,
  ])
}

function addBalancer(draft: Draft, chain: string, port: ServicePort, backends: readonly Backend[]): void {
  if (port.affinitySeconds !== undefined) return addSticky(draft, chain, port, backends)
  const targets = backends.map(({ ip, port: target }, index) => `${index} : ${ip} . ${target}`).join(', ')
  draft.chains.set(chain, [
    `meta l4proto ${port.protocol} dnat ip to numgen random mod ${backends.length} map { ${targets} }`,
  ])
}

/** Who came before goes where he went; a set per endpoint remembers for `affinitySeconds`. */
function addSticky(draft: Draft, chain: string, port: ServicePort, backends: readonly Backend[]): void {
  const ends = backends.map(backend => ({
    ...backend,
    chain: `${chain}-${Bun.hash(`${backend.ip}:${backend.port}`).toString(36)}`,
  }))
  for (const end of ends) {
    draft.sets.set(end.chain, `type ipv4_addr; flags dynamic,timeout; timeout ${port.affinitySeconds}s`)
    draft.chains.set(end.chain, [
      `update @${end.chain} { ip saddr } meta l4proto ${port.protocol} dnat ip to ${end.ip}:${end.port}`,
    ])
  }
  const remembered = ends.map(end => `ip saddr @${end.chain} goto ${end.chain}`)
  const choice = ends.map((end, index) => `${index} : goto ${end.chain}`).join(', ')
  draft.chains.set(chain, [...remembered, `numgen random mod ${ends.length} vmap { ${choice} }`])
}

import type { Answer } from 'dns-packet'
import {
  clusterIps,
  type DnsView,
  type EndpointName,
  endpointNames,
  hostnameOf,
  isFamily,
  isHeadless,
  undashed,
} from './records.ts'

/** `outside`: the name is not ours, ask upstream. `alias`: an ExternalName, resolve `target` elsewhere too. */
export type ZoneAnswer =
  | {
      readonly outcome: 'answer'
      readonly answers: readonly Answer[]
      readonly additionals?: readonly Answer[]
    }
  | { readonly outcome: 'alias'; readonly answers: readonly Answer[]; readonly target: string }
  /** The name exists, but not with this type; or it does not exist at all. */
  | { readonly outcome: 'noData' | 'noName'; readonly soa: Answer }
  | { readonly outcome: 'outside' }

/** Seconds that clients may keep an answer; CoreDNS' default for Kubernetes. */
export const ttlSeconds = 5

/**
 * Answers one question from the cluster's state alone (kubernetes/dns specification 1.1.0): services, headless
 * endpoints, SRV, pod names, reverse look-ups, ExternalName, dns-version.
 */
export function answerFromZone(view: DnsView, domain: string, type: string, question: string): ZoneAnswer {
  const name = question.toLowerCase().replace(/\.$/, '')
  if (name.endsWith('.in-addr.arpa') || name.endsWith('.ip6.arpa')) return reverse(view, domain, type, name)
  if (name !== domain && !name.endsWith(`.${domain}`)) return { outcome: 'outside' }
  const labels = name === domain ? [] : name.slice(0, -domain.length - 1).split('.')
  const found = resolve(view, domain, name, labels)
  if (!found) return { outcome: 'noName', soa: soaOf(domain) }
  if (found.alias !== undefined) {
    return {
      outcome: 'alias',
      answers: [{ type: 'CNAME', name, ttl: ttlSeconds, data: found.alias }],
      target: found.alias,
    }
  }
  const answers = found.records.filter(record => record.type === type || type === 'ANY')
  if (answers.length === 0) return { outcome: 'noData', soa: soaOf(domain) }
  return { outcome: 'answer', answers, additionals: type === 'SRV' ? found.additionals : [] }
}

interface Found {
  readonly records: readonly Answer[]
  readonly additionals?: readonly Answer[]
  readonly alias?: string
}

/** Undefined when there is no such name. Empty records when the name only leads to others. */
function resolve(view: DnsView, domain: string, name: string, labels: readonly string[]): Found | undefined {
  if (labels.length === 0) return { records: [soaOf(domain)] }
  if (labels.length === 1 && labels[0] === 'dns-version') {
    return { records: [{ type: 'TXT', name, ttl: ttlSeconds, data: '1.1.0' }] }
  }
  const kind = labels.at(-1)
  const namespace = labels.at(-2)
  if (kind !== 'svc' && kind !== 'pod') return undefined
  if (namespace === undefined) return { records: [] }
  if (!view.namespaceExists(namespace)) return undefined
  if (kind === 'pod') return resolvePod(name, labels)
  return labels.length === 2 ? { records: [] } : resolveService(view, domain, name, labels, namespace)
}

function resolvePod(name: string, labels: readonly string[]): Found | undefined {
  if (labels.length === 2) return { records: [] }
  const address = labels.length === 3 ? undashed(labels[0]!) : undefined
  return address === undefined ? undefined : { records: [addressRecord(name, address)] }
}

function resolveService(
  view: DnsView,
  domain: string,
  name: string,
  labels: readonly string[],
  namespace: string,
): Found | undefined {
  const serviceName = labels.at(-3)!
  const service = view.service(namespace, serviceName)
  if (!service) return undefined
  const rest = labels.slice(0, -3)
  if (service.spec?.type === 'ExternalName')
    return rest.length === 0 ? { records: [], alias: service.spec.externalName } : undefined
  const base = `${serviceName}.${namespace}.svc.${domain}`
  if (isHeadless(service))
    return resolveHeadless(endpointNames(view.slices(namespace, serviceName)), name, base, rest)
  const addresses = [...clusterIps(service, 'A'), ...clusterIps(service, 'AAAA')]
  const targets = addresses.map(address => addressRecord(base, address))
  if (rest.length === 0)
    return {
      records: [...targets, ...(service.spec?.ports ?? []).map(port => srv(name, port.port, base))],
      additionals: targets,
    }
  const ports = (service.spec?.ports ?? []).filter(port => isPortName(rest, port.name, port.protocol))
  return ports.length === 0
    ? undefined
    : { records: ports.map(port => srv(name, port.port, base)), additionals: targets }
}

function resolveHeadless(
  endpoints: readonly EndpointName[],
  name: string,
  base: string,
  rest: readonly string[],
): Found | undefined {
  if (rest.length === 0) {
    const services = endpoints.flatMap(endpoint =>
      endpoint.ports.map(({ port }) => srv(name, port, `${endpoint.hostname}.${base}`)),
    )
    return endpoints.length === 0
      ? undefined
      : { records: [...endpoints.map(({ address }) => addressRecord(name, address)), ...services] }
  }
  const named = rest.length === 1 ? endpoints.filter(({ hostname }) => hostname === rest[0]) : []
  if (named.length > 0) return { records: named.map(({ address }) => addressRecord(name, address)) }
  const matches = endpoints.flatMap(endpoint =>
    endpoint.ports
      .filter(port => isPortName(rest, port.name, port.protocol))
      .map(port => ({ endpoint, port })),
  )
  if (matches.length === 0) return undefined
  return {
    records: matches.map(({ endpoint, port }) => srv(name, port.port, `${endpoint.hostname}.${base}`)),
    additionals: matches.map(({ endpoint }) =>
      addressRecord(`${endpoint.hostname}.${base}`, endpoint.address),
    ),
  }
}

/** `_http._tcp` names port `http` over TCP. */
function isPortName(labels: readonly string[], name = '', protocol = 'TCP'): boolean {
  return labels.length === 2 && labels[0] === `_${name}` && labels[1] === `_${protocol.toLowerCase()}`
}

function reverse(view: DnsView, domain: string, type: string, name: string): ZoneAnswer {
  const ip = name.endsWith('.in-addr.arpa')
    ? name.slice(0, -'.in-addr.arpa'.length).split('.').reverse().join('.')
    : ip6Of(name)
  const target = nameOf(view, domain, ip)
  if (target === undefined) return { outcome: 'outside' }
  if (type !== 'PTR') return { outcome: 'noData', soa: soaOf(domain) }
  return { outcome: 'answer', answers: [{ type: 'PTR', name, ttl: ttlSeconds, data: target }] }
}

function nameOf(view: DnsView, domain: string, ip: string): string | undefined {
  const service = view.serviceWithIp(ip)
  if (service) return `${service.metadata.name}.${service.metadata.namespace}.svc.${domain}`
  const found = view.endpointWithIp(ip)
  return found && `${hostnameOf(found.endpoint, ip)}.${found.service}.${found.namespace}.svc.${domain}`
}

function ip6Of(name: string): string {
  const digits = name.slice(0, -'.ip6.arpa'.length).split('.').reverse().join('')
  return digits.replaceAll(/(.{4})(?=.)/g, '$1:')
}

function addressRecord(name: string, address: string): Answer {
  return { type: isFamily(address, 'AAAA') ? 'AAAA' : 'A', name, ttl: ttlSeconds, data: address }
}

function srv(name: string, port: number, target: string): Answer {
  return { type: 'SRV', name, ttl: ttlSeconds, data: { port, target, priority: 0, weight: 100 } }
}

function soaOf(domain: string): Answer {
  const data = {
    mname: `ns.dns.${domain}`,
    rname: `hostmaster.${domain}`,
    serial: 1,
    refresh: 7200,
    retry: 1800,
    expire: 86_400,
    minimum: ttlSeconds,
  }
  return { type: 'SOA', name: domain, ttl: ttlSeconds, data }
}

import type { Service, ServicePort as ServicePortSpec } from '../../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import { hasLeadingZeros, parsePlain } from '../../machinery/validation/addresses.ts'

/** One port of one service as packets see it: where it is reached, and who answers. IPv4. */
export interface ServicePort {
  /** `namespace/name/port/protocol`, stable over the service's life. */
  readonly id: string
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  readonly clusterIps: readonly string[]
  /** externalIPs and load balancer addresses. */
  readonly externalIps: readonly string[]
  readonly port: number
  readonly nodePort: number | undefined
  /** Answers from inside the cluster (internalTrafficPolicy applied). */
  readonly internal: readonly Backend[]
  /** Answers to node ports and external addresses (externalTrafficPolicy applied). */
  readonly external: readonly Backend[]
  /** externalTrafficPolicy Local: the client's address is kept, other nodes are never asked. */
  readonly keepsClientIp: boolean
  /** ClientIP affinity; undefined without. */
  readonly affinitySeconds: number | undefined
  /** Traffic of policy Local that only other nodes could answer. */
  readonly lacksLocal?: readonly ('internal' | 'external')[]
}

export interface Backend {
  readonly ip: string
  readonly port: number
}

/** Every IPv4 port of a service with the endpoints that this node sends it to (pkg/proxy topology.go). */
export function servicePorts(
  service: Service,
  slices: readonly EndpointSlice[],
  nodeName: string,
): ServicePort[] {
  const spec = service.spec
  if (!spec || spec.type === 'ExternalName' || !spec.clusterIP || spec.clusterIP === 'None') return []
  const clusterIps = (spec.clusterIPs ?? [spec.clusterIP]).map(plainSpelling).filter(isIpv4)
  const balancers = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, ipMode }) =>
    ip && ipMode !== 'Proxy' ? [ip] : [],
  )
  const externalIps = [...(spec.externalIPs ?? []), ...balancers].map(plainSpelling).filter(isIpv4)
  const keepsClientIp = spec.externalTrafficPolicy === 'Local'
  const affinity =
    spec.sessionAffinity === 'ClientIP'
      ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800)
      : undefined
  return (spec.ports ?? []).map(port => {
    const candidates = candidatesOf(slices, port)
    const local = (only: boolean) =>
      usable(only ? candidates.filter(candidate => candidate.nodeName === nodeName) : candidates)
    const answers = {
      internal: local(spec.internalTrafficPolicy === 'Local'),
      external: local(keepsClientIp),
    }
    return {
      id: `${service.metadata.namespace}/${service.metadata.name}/${port.port}/${port.protocol ?? 'TCP'}`,
      protocol: (port.protocol ?? 'TCP').toLowerCase() as ServicePort['protocol'],
      clusterIps,
      externalIps,
      port: port.port,
      nodePort: port.nodePort || undefined,
      ...answers,
      ...(usable(candidates).length > 0 && lackingLocal(answers)),
      keepsClientIp,
      affinitySeconds: affinity,
    }
  })
}

/** Of a port with endpoints somewhere. */
function lackingLocal(
  answers: Pick<ServicePort, 'internal' | 'external'>,
): Pick<ServicePort, 'lacksLocal'> | undefined {
  const lacksLocal = (['internal', 'external'] as const).filter(policy => answers[policy].length === 0)
  return lacksLocal.length > 0 ? { lacksLocal } : undefined
}

interface Candidate extends Backend {
  readonly nodeName: string | undefined
  readonly ready: boolean
  readonly serving: boolean
}

function candidatesOf(slices: readonly EndpointSlice[], { name }: ServicePortSpec): Candidate[] {
  const found = new Map<string, Candidate>()
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue
    const port = slice.ports?.find(candidate => (candidate.name ?? '') === (name ?? ''))?.port
    if (port === undefined) continue
    for (const { addresses, conditions, nodeName } of slice.endpoints ?? []) {
      const ip = plainSpelling(addresses[0]!)
      const ready = conditions?.ready !== false
      found.set(`${ip}:${port}`, { ip, port, nodeName, ready, serving: conditions?.serving ?? ready })
    }
  }
  return [...found.values()]
}

/** Ready endpoints; where there is none, those that still serve while they end (KEP-1669). */
function usable(candidates: readonly Candidate[]): Backend[] {
  const ready = candidates.filter(candidate => candidate.ready)
  const chosen = ready.length > 0 ? ready : candidates.filter(candidate => candidate.serving)
  return chosen
    .map(({ ip, port }) => ({ ip, port }))
    .sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : a.port - b.port))
}

/** Zeros before numbers, which are taken as of old, mean something else to those who read rules. */
function plainSpelling(ip: string): string {
  return hasLeadingZeros(ip) ? (parsePlain(ip)?.toString() ?? ip) : ip
}

function isIpv4(ip: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(ip)
}

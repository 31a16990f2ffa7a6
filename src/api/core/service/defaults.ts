import { sameField } from '../../shared/same-field.ts'
import type { Service, ServiceSpec } from '../../types/core-v1.gen.ts'

const affinitySeconds = 10800

export const needsClusterIp = ({ type }: ServiceSpec) => type !== 'ExternalName'
export const needsNodePort = ({ type }: ServiceSpec) => type === 'NodePort' || type === 'LoadBalancer'
export const needsHealthCheckPort = ({ type, externalTrafficPolicy }: ServiceSpec) =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local'
export const isHeadless = ({ clusterIPs }: ServiceSpec) =>
  clusterIPs?.length === 1 && clusterIPs[0] === 'None'
/** Whether traffic from outside may reach the service. */
export const isExternallyAccessible = (spec: ServiceSpec) =>
  needsNodePort(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0)

/** SetDefaults_Service (pkg/apis/core/v1/defaults.go). */
export function setServiceDefaults(service: Service): void {
  service.spec ??= {}
  const { spec } = service
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  if (
    spec.sessionAffinity === 'ClientIP' &&
    spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined
  ) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: affinitySeconds } }
  }
  spec.type ||= 'ClusterIP'
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP'
    port.targetPort ||= port.port
  }
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster'
  if (['ClusterIP', 'NodePort', 'LoadBalancer'].includes(spec.type)) spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type !== 'LoadBalancer') return
  spec.allocateLoadBalancerNodePorts ??= true
  for (const ingress of service.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP'
}

const specType = 'k8s.io/api/core/v1.ServiceSpec'

/** Old clients know `clusterIP` alone; it and the first of `clusterIPs` say the same (NormalizeClusterIPs). */
export function normalizeClusterIps({ spec }: Service, old: Service | undefined): void {
  if (!spec) return
  if (!old) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
    return
  }
  const before = old.spec ?? {}
  if (spec.clusterIP === before.clusterIP) return
  // A client that changes clusterIP alone means both.
  if (!sameField(specType, 'clusterIPs', spec, before)) return
  if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP]
  else delete spec.clusterIPs
}

/** What the server gave stays when an update leaves it out (patchAllocatedValues). */
export function keepAllocated({ spec }: Service, { spec: old }: Service): void {
  if (!spec || !old) return
  if (needsClusterIp(spec) && needsClusterIp(old)) {
    if (!spec.clusterIP && old.clusterIP) spec.clusterIP = old.clusterIP
    if (!spec.clusterIPs?.length && spec.clusterIP === old.clusterIP && old.clusterIPs)
      spec.clusterIPs = [...old.clusterIPs]
  }
  if (needsNodePort(spec) && needsNodePort(old)) keepNodePorts(spec, old)
  if (
    needsHealthCheckPort(spec) &&
    needsHealthCheckPort(old) &&
    !spec.healthCheckNodePort &&
    old.healthCheckNodePort
  ) {
    spec.healthCheckNodePort = old.healthCheckNodePort
  }
}

function keepNodePorts(spec: ServiceSpec, old: ServiceSpec): void {
  const key = ({ port, protocol }: { port: number; protocol?: string }) => `${protocol}/${port}`
  const before = new Map((old.ports ?? []).map(port => [key(port), port.nodePort]))
  const used = new Set((spec.ports ?? []).map(({ nodePort }) => nodePort))
  for (const port of spec.ports ?? []) {
    const kept = before.get(key(port))
    if (!port.nodePort && kept && !used.has(kept)) port.nodePort = kept
  }
}

/** A changed type drops the values of the old type that the user did not touch (dropTypeDependentFields). */
export function releaseUnneeded({ spec }: Service, { spec: old }: Service): void {
  if (!spec || !old) return
  const dropIfSame = (...fields: (keyof ServiceSpec)[]) => {
    if (fields.every(field => sameField(specType, field, spec, old)))
      for (const field of fields) delete spec[field]
  }
  if (needsClusterIp(old) && !needsClusterIp(spec)) {
    dropIfSame('clusterIP', 'clusterIPs')
    dropIfSame('ipFamilies')
    dropIfSame('ipFamilyPolicy')
  }
  if (needsNodePort(old) && !needsNodePort(spec)) {
    const ports = (list: ServiceSpec['ports']) => (list ?? []).map(({ nodePort }) => nodePort ?? 0).join()
    if (ports(spec.ports) === ports(old.ports)) for (const port of spec.ports ?? []) delete port.nodePort
  }
  if (needsHealthCheckPort(old) && !needsHealthCheckPort(spec)) dropIfSame('healthCheckNodePort')
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    dropIfSame('allocateLoadBalancerNodePorts')
    dropIfSame('loadBalancerClass')
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec)) dropIfSame('externalTrafficPolicy')
  if (old.type !== 'ExternalName' && spec.type === 'ExternalName') dropIfSame('internalTrafficPolicy')
}

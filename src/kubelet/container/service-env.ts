import type { Service } from '../../api/types/core-v1.gen.ts'
import { joinHostPort } from '../../std/host-port.ts'

/**
 * Variables that tell a container where services are (upstream pkg/kubelet/envvars): those of the pod's own
 * namespace, unless the pod wants none, and always the API server's.
 */
export function serviceEnvironment(
  services: Iterable<Service>,
  namespace: string,
  links: boolean,
): [string, string][] {
  const env: [string, string][] = []
  for (const service of services) {
    const isMaster = service.metadata.namespace === 'default' && service.metadata.name === 'kubernetes'
    if (!isMaster && !(links && service.metadata.namespace === namespace)) continue
    env.push(...variablesOf(service))
  }
  return env
}

function variablesOf({ metadata, spec }: Service): [string, string][] {
  const ip = spec?.clusterIP
  const ports = spec?.ports ?? []
  const first = ports[0]
  if (!ip || ip === 'None' || !first) return []
  const prefix = toVariable(metadata.name ?? '')
  const env: [string, string][] = [
    [`${prefix}_SERVICE_HOST`, ip],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
  ]
  for (const { name, port } of ports)
    if (name) env.push([`${prefix}_SERVICE_PORT_${toVariable(name)}`, String(port)])
  env.push([`${prefix}_PORT`, `${(first.protocol ?? 'TCP').toLowerCase()}://${joinHostPort(ip, first.port)}`])
  for (const { port, protocol = 'TCP' } of ports) {
    const base = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`
    const lower = protocol.toLowerCase()
    env.push(
      [base, `${lower}://${joinHostPort(ip, port)}`],
      [`${base}_PROTO`, lower],
      [`${base}_PORT`, String(port)],
      [`${base}_ADDR`, ip],
    )
  }
  return env
}

function toVariable(name: string): string {
  return name.toUpperCase().replaceAll('-', '_')
}

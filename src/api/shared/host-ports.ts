import { sidecarsOf } from '../core/pod/lifecycle.ts'
import type { Pod } from '../types/core-v1.gen.ts'

/** The host ports that a pod takes, as `protocol/ip/port`. */
export function hostPorts(pod: Pod): string[] {
  const ports: string[] = []
  for (const container of [...(pod.spec?.containers ?? []), ...sidecarsOf(pod.spec)]) {
    for (const port of container.ports ?? []) {
      if (port.hostPort) ports.push(`${port.protocol ?? 'TCP'}/${port.hostIP || '0.0.0.0'}/${port.hostPort}`)
    }
  }
  return ports
}

/** True when a wanted port clashes with a used one; 0.0.0.0 clashes with every address. */
export function portsClash(used: ReadonlyMap<string, number>, wanted: string): boolean {
  if (used.has(wanted)) return true
  const [protocol, ip, port] = wanted.split('/')
  if (ip !== '0.0.0.0') return used.has(`${protocol}/0.0.0.0/${port}`)
  return [...used.keys()].some(other => other.startsWith(`${protocol}/`) && other.endsWith(`/${port}`))
}

import type { Node, Pod } from '../../api/types/core-v1.gen.ts'

/** A node with everything that runs or is about to run on it. Owned and changed by `ClusterSnapshot` alone. */
export interface NodeInfo {
  readonly name: string
  /** Its row in the resource columns. */
  readonly row: number
  /** Undefined while only pods of it are known. */
  node: Node | undefined
  readonly pods: Map<string, Pod>
  /** Extended resources that pods hold; the others lie in the columns. */
  readonly requestedScalars: Map<string, number>
  readonly allocatableScalars: Map<string, number>
  /** `protocol/hostIP/port` of every host port in use. */
  readonly usedPorts: Map<string, number>
  /** Pods on the node by the claim (`namespace/name`) that they mount. */
  readonly usedClaims: Map<string, number>
  /** Bytes by normalized image name. */
  readonly images: Map<string, number>
}

/** The claims that a pod names, as `namespace/name`; those of ephemeral volumes are made for it alone. */
export function claimKeys(pod: Pod): string[] {
  const names = (pod.spec?.volumes ?? []).flatMap(volume => volume.persistentVolumeClaim?.claimName ?? [])
  return names.map(name => `${pod.metadata.namespace}/${name}`)
}

/** The host ports that a pod takes, as `protocol/ip/port`. */
export function hostPorts(pod: Pod): string[] {
  const ports: string[] = []
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars(pod)]) {
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

/** CRI's name of an image: a missing tag is `latest`. */
export function normalizedImageName(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name
}

function sidecars(pod: Pod) {
  return (pod.spec?.initContainers ?? []).filter(container => container.restartPolicy === 'Always')
}

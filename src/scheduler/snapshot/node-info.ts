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

/** CRI's name of an image: a missing tag is `latest`. */
export function normalizedImageName(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name
}

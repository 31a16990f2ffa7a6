import type { StatefulSet } from '../../api/types/apps-v1.gen.ts'
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, Volume } from '../../api/types/core-v1.gen.ts'
import { statefulSets } from '../kinds.ts'
import { podFromTemplate } from '../shared/pod-control.ts'
import { revisionHashLabel } from './revisions.ts'

const nameLabel = 'statefulset.kubernetes.io/pod-name'
const indexLabel = 'apps.kubernetes.io/pod-index'

/** Set and number in a pod's name; the number is -1 when there is none (stateful_set_utils.go). */
export function parentAndOrdinal({ metadata }: Pod): { readonly parent: string; readonly ordinal: number } {
  const [, parent = '', digits = ''] = /^(.*)-(\d+)$/.exec(metadata.name ?? '') ?? []
  const ordinal = Number(digits)
  return { parent, ordinal: digits !== '' && ordinal < 2 ** 31 ? ordinal : -1 }
}

export function ordinalOf(pod: Pod): number {
  return parentAndOrdinal(pod).ordinal
}

export function startOrdinal({ spec }: StatefulSet): number {
  return spec?.ordinals?.start ?? 0
}

export function wantedReplicas({ spec }: StatefulSet): number {
  return spec?.replicas ?? 1
}

export function isWanted(pod: Pod, set: StatefulSet): boolean {
  const index = ordinalOf(pod) - startOrdinal(set)
  return index >= 0 && index < wantedReplicas(set)
}

export function revisionNameOf({ metadata }: Pod): string | undefined {
  return metadata.labels?.[revisionHashLabel]
}

/** The claims of one pod, by the volume that each is for. */
export function claimsOf(set: StatefulSet, ordinal: number): ReadonlyMap<string, PersistentVolumeClaim> {
  const { name, namespace } = set.metadata
  const claims = (set.spec?.volumeClaimTemplates ?? []).map(template => {
    const volume = template.metadata?.name ?? ''
    const labels = { ...template.metadata?.labels, ...set.spec?.selector?.matchLabels }
    const metadata = { ...template.metadata, name: `${volume}-${name}-${ordinal}`, namespace, labels }
    return [volume, { ...template, metadata }] as const
  })
  return new Map(claims)
}

/** A pod with its name, its host name, its number and its own claims for volumes. */
export function statefulPod(
  set: StatefulSet,
  template: PodTemplateSpec,
  revision: string,
  ordinal: number,
): Pod {
  const pod = podFromTemplate(template, statefulSets, set)
  const name = `${set.metadata.name}-${ordinal}`
  const metadata = {
    ...pod.metadata,
    name,
    labels: { ...pod.metadata.labels, [revisionHashLabel]: revision },
  }
  const spec = { ...pod.spec!, hostname: name, subdomain: set.spec?.serviceName }
  return withIdentity(set, { ...pod, metadata, spec })
}

/** The pod with the labels and volumes that its number gives it. */
export function withIdentity(set: StatefulSet, pod: Pod): Pod {
  const ordinal = ordinalOf(pod)
  const labels = {
    ...pod.metadata.labels,
    [nameLabel]: pod.metadata.name!,
    [indexLabel]: String(ordinal),
  }
  const claims = claimsOf(set, ordinal)
  const claimed: Volume[] = [...claims].map(([name, { metadata }]) => ({
    name,
    persistentVolumeClaim: { claimName: metadata.name! },
  }))
  const others = (pod.spec?.volumes ?? []).filter(({ name }) => !claims.has(name))
  const volumes = [...claimed, ...others]
  const spec = { ...pod.spec!, ...(volumes.length > 0 && { volumes }) }
  return { ...pod, metadata: { ...pod.metadata, labels }, spec }
}

export function hasIdentity(set: StatefulSet, pod: Pod): boolean {
  if (pod.metadata.labels?.[nameLabel] !== pod.metadata.name) return false
  const volumes = new Map((pod.spec?.volumes ?? []).map(volume => [volume.name, volume]))
  return [...claimsOf(set, ordinalOf(pod))].every(
    ([name, { metadata }]) => volumes.get(name)?.persistentVolumeClaim?.claimName === metadata.name,
  )
}

import type { Deployment, ReplicaSet } from '../../api/types/apps-v1.gen.ts'
import type { PodTemplateSpec } from '../../api/types/core-v1.gen.ts'
import { deployments } from '../kinds.ts'
import { jsonEqual } from '../shared/equal.ts'
import { controllerReference } from '../shared/owner.ts'
import { desiredReplicas, fenceposts } from './deployment-spec.ts'
import { templateHash, templateHashLabel } from './template-hash.ts'

export const revisionAnnotation = 'deployment.kubernetes.io/revision'
const historyAnnotation = 'deployment.kubernetes.io/revision-history'
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas'
const maxAnnotation = 'deployment.kubernetes.io/max-replicas'

/** Annotations of a deployment that are not its replica sets'. */
const ownAnnotations: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
])

/** Characters that the list of former revisions may have. */
const historyLengthMax = 2000
const nameLengthMax = 253

/** The replica sets of a deployment, oldest first: the one with today's template, and the others. */
export interface ReplicaSets {
  readonly current: ReplicaSet | undefined
  readonly old: readonly ReplicaSet[]
  readonly all: readonly ReplicaSet[]
}

export function sortReplicaSets(deployment: Deployment, replicaSets: readonly ReplicaSet[]): ReplicaSets {
  const all = replicaSets.toSorted(byAge)
  const current = all.find(({ spec }) => sameTemplate(spec?.template, deployment.spec?.template))
  return { current, old: all.filter(replicaSet => replicaSet !== current), all }
}

/** By creation time, then by name. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const left = `${a.metadata.creationTimestamp ?? ''} ${a.metadata.name}`
  const right = `${b.metadata.creationTimestamp ?? ''} ${b.metadata.name}`
  if (left === right) return 0
  return left < right ? -1 : 1
}

export function sizeOf(replicaSet: ReplicaSet): number {
  return replicaSet.spec?.replicas ?? 1
}

export function isScaledUp(replicaSet: ReplicaSet): boolean {
  return sizeOf(replicaSet) > 0
}

/** The number of a revision; whoever writes it may use all of an int64 (deployment_util.go Revision). */
export function revisionOf({
  metadata,
}: {
  readonly metadata: { annotations?: Record<string, string> }
}): bigint {
  const text = metadata.annotations?.[revisionAnnotation] ?? ''
  if (!/^-?\d+$/.test(text)) return 0n
  const revision = BigInt(text)
  return BigInt.asIntN(64, revision) === revision ? revision : 0n
}

/** The revision that today's template has, or gets. */
export function nextRevision(old: readonly ReplicaSet[]): bigint {
  return larger(0n, ...old.map(revisionOf)) + 1n
}

function larger(...numbers: readonly bigint[]): bigint {
  return numbers.toSorted((a, b) => (a < b ? -1 : 1)).at(-1)!
}

/** Templates alike but for the hash label (deployment_util.go EqualIgnoreHash). */
export function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return jsonEqual(withoutHash(a), withoutHash(b))
}

function withoutHash(template: PodTemplateSpec | undefined): unknown {
  const { [templateHashLabel]: _, ...labels } = template?.metadata?.labels ?? {}
  return { ...template, metadata: { ...template?.metadata, labels } }
}

/** The replica set for today's template, not sized yet. */
export function newReplicaSet(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet {
  const spec = deployment.spec!
  const hash = templateHash(spec.template, deployment.status?.collisionCount)
  const labels = { ...spec.template.metadata?.labels, [templateHashLabel]: hash }
  const { name, namespace } = deployment.metadata
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name!.slice(0, nameLengthMax - 1 - hash.length)}-${hash}`,
      namespace,
      labels,
      annotations: {
        ...copiedAnnotations(deployment),
        [revisionAnnotation]: String(nextRevision(old)),
        ...scaleAnnotations(deployment),
      },
      ownerReferences: [controllerReference(deployments, deployment)],
    },
    spec: {
      replicas: 0,
      minReadySeconds: spec.minReadySeconds,
      selector: {
        ...spec.selector,
        matchLabels: { ...spec.selector.matchLabels, [templateHashLabel]: hash },
      },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  }
}

/** The current replica set with annotations and minReadySeconds as they should be; itself when they are. */
export function refreshed(
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): ReplicaSet {
  const revision = larger(revisionOf(current), nextRevision(old))
  const annotations: Record<string, string> = {
    ...current.metadata.annotations,
    ...copiedAnnotations(deployment),
    [revisionAnnotation]: String(revision),
  }
  if (revision > revisionOf(current) && revisionOf(current) > 0n)
    annotations[historyAnnotation] = appendHistory(
      annotations[historyAnnotation],
      String(revisionOf(current)),
    )
  const minReadySeconds = deployment.spec?.minReadySeconds
  const same = jsonEqual(annotations, current.metadata.annotations)
  if (same && (minReadySeconds ?? 0) === (current.spec?.minReadySeconds ?? 0)) return current
  return {
    ...current,
    metadata: { ...current.metadata, annotations },
    spec: { ...current.spec!, minReadySeconds },
  }
}

function appendHistory(history: string | undefined, revision: string): string {
  const revisions = history ? history.split(',') : []
  while (revisions.length > 0 && revisions.join(',').length + 1 + revision.length > historyLengthMax)
    revisions.shift()
  return [...revisions, revision].join(',')
}

function copiedAnnotations(deployment: Deployment): Record<string, string> {
  const entries = Object.entries(deployment.metadata.annotations ?? {})
  return Object.fromEntries(entries.filter(([key]) => !ownAnnotations.has(key)))
}

/** What a replica set remembers of its deployment's size, for scaling in proportion later. */
export function scaleAnnotations(deployment: Deployment): Record<string, string> {
  const desired = desiredReplicas(deployment)
  return {
    [desiredAnnotation]: String(desired),
    [maxAnnotation]: String(desired + fenceposts(deployment).maxSurge),
  }
}

export function rememberedDesired(replicaSet: ReplicaSet): number | undefined {
  return count(replicaSet, desiredAnnotation)
}

export function rememberedMax(replicaSet: ReplicaSet): number | undefined {
  return count(replicaSet, maxAnnotation)
}

function count({ metadata }: ReplicaSet, annotation: string): number | undefined {
  const text = metadata.annotations?.[annotation]
  if (text === undefined || !/^\d+$/.test(text) || Number(text) > 2 ** 31 - 1) return undefined
  return Number(text)
}

export function total(
  replicaSets: readonly ReplicaSet[],
  count: (replicaSet: ReplicaSet) => number | undefined,
): number {
  return replicaSets.reduce((sum, replicaSet) => sum + (count(replicaSet) ?? 0), 0)
}

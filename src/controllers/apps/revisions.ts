import type { ControllerRevision } from '../../api/types/apps-v1.gen.ts'
import type { PodTemplateSpec } from '../../api/types/core-v1.gen.ts'
import { isAlreadyExists } from '../../client/failure.ts'
import type { ResourceRef } from '../../client/resource.ts'
import { type Action, create, type Plan, remove, requeueAfter, update } from '../../controller/actions.ts'
import type { JsonObject, KubeObject } from '../../machinery/meta/object.ts'
import { controllerRevisions } from '../kinds.ts'
import { jsonEqual } from '../shared/equal.ts'
import { controllerReference } from '../shared/owner.ts'
import { templateHash } from './template-hash.ts'

/** The label of pods, and of a daemon set's revisions, that says which revision they are of. */
export const revisionHashLabel = 'controller-revision-hash'

const nameLengthMax = 223

export interface RevisionOwner extends KubeObject {
  readonly spec?: { readonly template: PodTemplateSpec; readonly revisionHistoryLimit?: number }
  readonly status?: { readonly collisionCount?: number }
}

export interface RevisionHistory<T extends RevisionOwner> {
  readonly owner: T
  readonly resource: ResourceRef<T>
  /** The label of a revision that carries the hash in its name. */
  readonly hashLabel: string
  /** All that the owner controls. */
  readonly revisions: readonly ControllerRevision[]
  /** Counts one more collision of names in the owner's status. */
  readonly collided: () => Action
}

export interface CurrentRevision {
  /** The revision of today's template; undefined until it is there. */
  readonly current: ControllerRevision | undefined
  /** Other revisions with today's template, to be merged into the current one. */
  readonly duplicates: readonly ControllerRevision[]
  /** The others, oldest first. */
  readonly old: readonly ControllerRevision[]
  /** Makes the current revision, or gives it the highest number. */
  readonly plan: Plan
}

/**
 * The template as a revision keeps it: a strategic merge patch that puts it back. Clients compare it byte for byte
 * with what Go makes of the template, whose keys are in order.
 */
export function revisionData(template: PodTemplateSpec): JsonObject {
  return inOrder({ spec: { template: { ...template, $patch: 'replace' } } }) as JsonObject
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, inOrder(inner)]),
  )
}

export function templateOf({ data }: ControllerRevision): PodTemplateSpec {
  const { spec } = data as { spec: { template: PodTemplateSpec & { $patch?: string } } }
  const { $patch: _, ...template } = spec.template
  return template
}

export function byRevision(a: ControllerRevision, b: ControllerRevision): number {
  if (a.revision !== b.revision) return a.revision - b.revision
  const left = `${a.metadata.creationTimestamp ?? ''} ${a.metadata.name}`
  return left < `${b.metadata.creationTimestamp ?? ''} ${b.metadata.name}` ? -1 : 1
}

/**
 * Keeps a numbered copy of every template that an owner had (upstream pkg/controller/history): the one of today has
 * the highest number, also after a rollback to an old one.
 */
export function planRevisions<T extends RevisionOwner>(history: RevisionHistory<T>): CurrentRevision {
  const wanted = revisionData(history.owner.spec!.template)
  const ordered = history.revisions.toSorted(byRevision)
  const matching = ordered.filter(({ data }) => jsonEqual(data, wanted))
  const old = ordered.filter(revision => !matching.includes(revision))
  const current = matching.at(-1)
  const number = Math.max(0, ...old.map(({ revision }) => revision)) + 1
  const duplicates = matching.slice(0, -1)
  if (!current)
    return {
      ...{ current, duplicates, old },
      // The collector takes the revisions of who is on the way out. A new revision wakes nobody.
      plan: history.owner.metadata.deletionTimestamp
        ? []
        : [createRevision({ ...history, number, data: wanted }), requeueAfter(0)],
    }
  const plan =
    current.revision < number ? [update(controllerRevisions, { ...current, revision: number })] : []
  return { current, duplicates, old, plan }
}

interface NewRevision<T extends RevisionOwner> extends RevisionHistory<T> {
  readonly number: number
  readonly data: JsonObject
}

function createRevision<T extends RevisionOwner>(wanted: NewRevision<T>): Action {
  const { owner, resource, number, data, hashLabel, collided } = wanted
  const { name, namespace, annotations } = owner.metadata
  const { template } = owner.spec!
  const hash = templateHash(template, owner.status?.collisionCount)
  const revision: ControllerRevision = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name!.slice(0, nameLengthMax)}-${hash}`,
      namespace,
      labels: { ...template.metadata?.labels, [hashLabel]: hash },
      annotations,
      ownerReferences: [controllerReference(resource, owner)],
    },
    data,
    revision: number,
  }
  return create(controllerRevisions, revision, {
    failed: error => (isAlreadyExists(error) ? [collided()] : []),
  })
}

/** Deletes the oldest revisions that nothing uses, beyond the limit. */
export function planTruncation(
  unused: readonly ControllerRevision[],
  count: number,
  limit: number | undefined,
): Plan {
  const surplus = count - (limit ?? 10)
  if (surplus <= 0) return []
  return unused
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .slice(0, surplus)
    .map(revision => remove(controllerRevisions, revision))
}

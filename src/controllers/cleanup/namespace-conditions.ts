import type { NamespaceCondition } from '../../api/types/core-v1.gen.ts'
import { toTimestamp } from '../../client/timestamp.ts'

/** What is left in a namespace that is going (namespaced_resources_deleter.go). */
export interface Remains {
  /** Objects left by `plural.group`. */
  readonly objects: ReadonlyMap<string, number>
  /** Objects left by finalizer. */
  readonly finalizers: ReadonlyMap<string, number>
  readonly errors: readonly string[]
  /** Groups and versions whose content nobody can tell. */
  readonly undiscovered: readonly string[]
  /** False while pods are waited for: the other resources were not looked at. */
  readonly complete: boolean
}

type Found = Pick<NamespaceCondition, 'type' | 'status' | 'reason' | 'message'>

const fine: readonly Found[] = [
  good('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
  good(
    'NamespaceDeletionGroupVersionParsingFailure',
    'ParsedGroupVersions',
    'All legacy kube types successfully parsed',
  ),
  good(
    'NamespaceDeletionContentFailure',
    'ContentDeleted',
    'All content successfully deleted, may be waiting on finalization',
  ),
  good('NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'),
  good(
    'NamespaceFinalizersRemaining',
    'ContentHasNoFinalizers',
    'All content-preserving finalizers finished',
  ),
]

function good(type: string, reason: string, message: string): Found {
  return { type, status: 'False', reason, message }
}

/** The conditions of a namespace that is being emptied; the given array itself when nothing changed. */
export function deletionConditions(
  current: NamespaceCondition[] | undefined,
  remains: Remains,
  nowMs: number,
): NamespaceCondition[] | undefined {
  const bad = findings(remains)
  const wanted = fine.map(condition => bad.find(({ type }) => type === condition.type) ?? condition)
  const others = (current ?? []).filter(({ type }) => !fine.some(condition => condition.type === type))
  let changed = false
  const conditions = wanted.map(condition => {
    const old = current?.find(({ type }) => type === condition.type)
    const same =
      old?.status === condition.status && old.reason === condition.reason && old.message === condition.message
    if (same) return old
    changed = true
    const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : toTimestamp(nowMs)
    return { ...condition, lastTransitionTime }
  })
  return changed ? [...others, ...conditions] : current
}

/** Upstream's words for a group and version whose server does not say what is in it. */
export function staleVersion(groupVersion: string): string {
  return `${groupVersion}: stale GroupVersion discovery: ${groupVersion}`
}

function findings({ objects, finalizers, errors, undiscovered, complete }: Remains): Found[] {
  const found: Found[] = []
  if (undiscovered.length > 0) {
    const list = undiscovered.map(staleVersion).toSorted().join(', ')
    const message = `Discovery failed for some groups, ${undiscovered.length} failing: unable to retrieve the complete list of server APIs: ${list}`
    found.push({
      type: 'NamespaceDeletionDiscoveryFailure',
      status: 'True',
      reason: 'DiscoveryFailed',
      message,
    })
  }
  if (errors.length > 0) {
    const message = `Failed to delete all resource types, ${errors.length} remaining: ${errors.toSorted().join(', ')}`
    found.push({
      type: 'NamespaceDeletionContentFailure',
      status: 'True',
      reason: 'ContentDeletionFailed',
      message,
    })
  }
  if (!complete) return found
  if (objects.size > 0) {
    const left = [...objects].map(([resource, count]) => `${resource} has ${count} resource instances`)
    const message = `Some resources are remaining: ${left.toSorted().join(', ')}`
    found.push({ type: 'NamespaceContentRemaining', status: 'True', reason: 'SomeResourcesRemain', message })
  }
  if (finalizers.size > 0) {
    const left = [...finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`)
    const message = `Some content in the namespace has finalizers remaining: ${left.toSorted().join(', ')}`
    found.push({
      type: 'NamespaceFinalizersRemaining',
      status: 'True',
      reason: 'SomeFinalizersRemain',
      message,
    })
  }
  return found
}

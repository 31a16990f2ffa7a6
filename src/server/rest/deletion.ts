/** How a DELETE changes an object before, or instead of, removing it (rest.BeforeDelete and registry.Store). */

import type { Resource } from '../../api/define.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { cloneDeep } from '../../machinery/meta/value.ts'
import type { Clock } from '../../std/ports.ts'
import { timestamp } from './call.ts'
import type { DeleteOptions } from './delete-options.ts'

export type DeletionStep =
  /** A deletion that is under way already ends no later: nothing to do. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'remove' }
  /** Write `object`; then remove it too when `thenRemove`. */
  | { readonly kind: 'mark'; readonly object: KubeObject; readonly thenRemove: boolean }

const orphan = 'orphan'
const foreground = 'foregroundDeletion'

/** What to do with the frozen `current`. */
export function planDeletion(
  resource: Resource,
  current: KubeObject,
  options: DeleteOptions,
  clock: Clock,
): DeletionStep {
  // Only metadata changes here: of a large collection most may be pending already.
  const object = { ...current, metadata: cloneDeep(current.metadata) }
  const grace = applyGrace(resource, object, options, clock)
  if (grace === 'pending') return { kind: 'pending' }
  const finalizers = collectorFinalizers(resource, object, options)
  const { deletionFinalizer } = resource.strategy
  if (deletionFinalizer && !current.metadata.deletionTimestamp && !finalizers.includes(deletionFinalizer)) {
    finalizers.push(deletionFinalizer)
  }
  if (finalizers.length > 0) object.metadata.finalizers = finalizers
  else delete object.metadata.finalizers
  const waits = finalizers.length > 0 || (resource.strategy.holdsDeletion?.(object) ?? false)
  if (grace === 'none') {
    if (!waits) return { kind: 'remove' }
    const { generation } = object.metadata
    markDeleting(object, clock)
    if (current.metadata.deletionTimestamp) return { kind: 'mark', object, thenRemove: false }
    // Such a kind ends its deletion itself: there is no grace, and nothing new to observe.
    if (resource.strategy.holdsDeletion) {
      delete object.metadata.deletionGracePeriodSeconds
      if (generation !== undefined) object.metadata.generation = generation
    }
    const marked = resource.strategy.markDeleting ? cloneDeep(object) : object
    resource.strategy.markDeleting?.(marked)
    return { kind: 'mark', object: marked, thenRemove: false }
  }
  return { kind: 'mark', object, thenRemove: !waits && grace === 'now' }
}

type Grace = 'none' | 'pending' | 'now' | 'later'

function applyGrace(resource: Resource, object: KubeObject, options: DeleteOptions, clock: Clock): Grace {
  const { defaultGraceSeconds, deletesAtOnce } = resource.strategy
  if (!defaultGraceSeconds) return 'none'
  const { metadata } = object
  const asked = asNumber(options.gracePeriodSeconds)
  const wanted = asked !== undefined && asked < 0 ? 1 : asked
  if (metadata.deletionTimestamp) return shorten(metadata, wanted, clock)
  const preferred = wanted ?? asNumber(defaultGraceSeconds(object))
  if (preferred === undefined) return 'none'
  const seconds = deletesAtOnce?.(object) ? 0 : Math.max(preferred, preferred < 0 ? 1 : 0)
  metadata.deletionTimestamp = timestamp(clock, seconds)
  metadata.deletionGracePeriodSeconds = seconds
  if (metadata.generation) metadata.generation++
  return seconds === 0 ? 'now' : 'later'
}

/** int64 beyond 2^53 is a bigint, which cannot be reckoned with. */
function asNumber(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}

function shorten(metadata: KubeObject['metadata'], wanted: number | undefined, clock: Clock): Grace {
  const running = metadata.deletionGracePeriodSeconds ?? 0
  // What waits for finalizers alone cannot be asked again; what waits for nothing was left behind by a crash.
  if (running === 0)
    return metadata.finalizers?.length && metadata.deletionGracePeriodSeconds === 0 ? 'pending' : 'none'
  if (wanted === undefined || wanted >= running) return 'pending'
  const startMs = Date.parse(metadata.deletionTimestamp!) - running * 1000
  const endMs = startMs + wanted * 1000
  const isPast = endMs < clock.nowMs()
  metadata.deletionTimestamp = isPast ? timestamp(clock) : timestamp(clock, (endMs - clock.nowMs()) / 1000)
  metadata.deletionGracePeriodSeconds = isPast && wanted !== 0 ? 1 : wanted
  return wanted === 0 ? 'now' : 'later'
}

function markDeleting({ metadata }: KubeObject, clock: Clock): void {
  const now = timestamp(clock)
  if (!metadata.deletionTimestamp && metadata.generation) metadata.generation++
  if (!metadata.deletionTimestamp || metadata.deletionTimestamp > now) metadata.deletionTimestamp = now
  metadata.deletionGracePeriodSeconds = 0
}

/** Finalizers that tell the garbage collector what to do with dependents; others stay. */
function collectorFinalizers(resource: Resource, { metadata }: KubeObject, options: DeleteOptions): string[] {
  const present = [...(metadata.finalizers ?? [])]
  if (resource.strategy.hasNoDependents) return present
  const policy = policyOf(resource, present, options)
  const wanted = present.filter(name => name !== orphan && name !== foreground)
  if (policy === 'Orphan') wanted.push(orphan)
  if (policy === 'Foreground') wanted.push(foreground)
  const isSame = wanted.length === present.length && wanted.every(name => present.includes(name))
  return isSame ? present : wanted
}

function policyOf({ strategy }: Resource, finalizers: readonly string[], options: DeleteOptions): string {
  const { orphanDependents, propagationPolicy } = options
  if (orphanDependents !== undefined) return orphanDependents ? 'Orphan' : 'Background'
  if (propagationPolicy) return propagationPolicy
  const set = finalizers.find(name => name === orphan || name === foreground)
  if (set) return set === orphan ? 'Orphan' : 'Foreground'
  return strategy.defaultPropagation ?? 'Background'
}

import type { PodStatus } from '../../api/types/core-v1.gen.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { passingTypes } from './conditions.ts'

/** Lists that a strategic merge patch merges by key; they are replaced as a whole. */
const mergedLists = ['podIPs', 'hostIPs']
/** Written by the scheduler and others. */
const foreign = ['nominatedNodeName', 'resize', 'resourceClaimStatuses', 'extendedResourceClaimStatus']

/**
 * The strategic merge patch of `status` that turns `old` into `wanted`, or undefined when nothing differs.
 * Conditions are merged by type, so those of others stay.
 */
export function statusPatch(old: PodStatus, wanted: PodStatus): JsonObject | undefined {
  const patch: JsonObject = {}
  const before = old as JsonObject
  const after = wanted as JsonObject
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (foreign.includes(key) || Bun.deepEquals(before[key], after[key])) continue
    if (key === 'conditions') {
      const conditions = changedConditions(old, wanted)
      if (conditions.length > 0) patch[key] = conditions
    } else if (after[key] === undefined) patch[key] = null
    else
      patch[key] = mergedLists.includes(key)
        ? [{ $patch: 'replace' }, ...(after[key] as unknown[])]
        : after[key]
  }
  return Object.keys(patch).length > 0 ? patch : undefined
}

function changedConditions(old: PodStatus, wanted: PodStatus): JsonObject[] {
  const changed: JsonObject[] = []
  for (const condition of wanted.conditions ?? []) {
    const before = findCondition(old.conditions, condition.type)
    if (before && Bun.deepEquals(withoutProbeTime(before), withoutProbeTime(condition))) continue
    const cleared: JsonObject = {}
    if (before?.reason && !condition.reason) cleared.reason = null
    if (before?.message && !condition.message) cleared.message = null
    changed.push({ ...condition, ...cleared })
  }
  for (const { type } of old.conditions ?? [])
    if (passingTypes.includes(type) && !wanted.conditions?.some(condition => condition.type === type))
      changed.push({ type, $patch: 'delete' })
  return changed
}

/** Always null in a pod's conditions, and printed by a server or not. */
function withoutProbeTime(condition: object): object {
  const { lastProbeTime: _, ...rest } = condition as { lastProbeTime?: unknown }
  return rest
}

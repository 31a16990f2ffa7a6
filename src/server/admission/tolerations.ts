import { isDeepStrictEqual } from 'node:util'
import type { Pod, Toleration } from '../../api/types/core-v1.gen.ts'
import type { AdmissionPlugin } from '../context.ts'
import { isAbout } from './refusal.ts'

/** How long pods stay on a node with each of the taints that evict them. */
export interface TolerationSeconds {
  readonly notReady: number
  readonly unreachable: number
}

/** Upstream's --default-not-ready-toleration-seconds and --default-unreachable-toleration-seconds. */
const defaultSeconds: TolerationSeconds = { notReady: 300, unreachable: 300 }
const evictingTaints = [
  ['node.kubernetes.io/not-ready', 'notReady'],
  ['node.kubernetes.io/unreachable', 'unreachable'],
] as const

/** Pods stay for a while on a node that fell silent (plugin/pkg/admission/defaulttolerationseconds). */
export function defaultTolerationSeconds(seconds = defaultSeconds): AdmissionPlugin {
  return {
    name: 'DefaultTolerationSeconds',
    handles: request =>
      (request.operation === 'CREATE' || request.operation === 'UPDATE') && isAbout(request, '', 'pods'),
    admit({ object }) {
      const { spec } = object as Pod
      if (!spec) return
      const held = spec.tolerations ?? []
      const missing = evictingTaints.filter(([key]) => !held.some(toleration => evictsNot(toleration, key)))
      if (missing.length === 0) return
      const added = missing.map(([key, taint]) => ({
        key,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: seconds[taint],
      }))
      spec.tolerations = [...held, ...added]
    },
  }
}

function evictsNot({ key, effect }: Toleration, taint: string): boolean {
  return (!key || key === taint) && (!effect || effect === 'NoExecute')
}

/** Both lists in one; what another toleration covers is left out (pkg/util/tolerations MergeTolerations). */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second]
  const merged: Toleration[] = []
  for (const [index, toleration] of all.entries()) {
    const covered =
      merged.some(other => covers(other, toleration)) ||
      all.slice(index + 1).some(other => !isDeepStrictEqual(other, toleration) && covers(other, toleration))
    if (!covered) merged.push(toleration)
  }
  return merged
}

/** Whether `wide` tolerates all that `narrow` does (pkg/util/tolerations isSuperset). */
export function covers(wide: Toleration, narrow: Toleration): boolean {
  if (isDeepStrictEqual(wide, narrow)) return true
  if ((narrow.key ?? '') !== (wide.key ?? '') && (wide.key || wide.operator !== 'Exists')) return false
  if (wide.effect && narrow.effect !== wide.effect) return false
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds)
      return false
  }
  if (wide.operator === 'Exists') return true
  return (
    (!wide.operator || wide.operator === 'Equal') &&
    narrow.operator === 'Equal' &&
    narrow.value === wide.value
  )
}

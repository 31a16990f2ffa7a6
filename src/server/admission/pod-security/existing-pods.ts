import type { Pod } from '../../../api/types/core-v1.gen.ts'
import { controllerOf } from '../../../machinery/meta/owners.ts'
import { quote } from '../../../machinery/meta/quote.ts'
import { evaluatePod } from './evaluate.ts'
import { type LevelVersion, levelText } from './policy.ts'

/** More are not looked at when a namespace's level changes (upstream's defaultNamespaceMaxPodsToCheck). */
const checkedMax = 3000

/** What a stricter level will find in the pods that are already there; one line per kind of violation, sorted. */
export function existingPodWarnings(
  namespace: string,
  level: LevelVersion,
  all: readonly Pod[],
): readonly string[] {
  const pods = oneOfEachControllerFirst(all).slice(0, checkedMax)
  const found = new Map<string, { first: string; count: number }>()
  for (const { metadata, spec } of pods) {
    const reasons = spec ? evaluatePod(level, { metadata, spec }).map(({ reason }) => reason) : []
    if (reasons.length === 0) continue
    const name = metadata.name ?? ''
    const seen = found.get(reasons.join(', ')) ?? { first: name, count: 0 }
    found.set(reasons.join(', '), { first: [name, seen.first].sort()[0]!, count: seen.count + 1 })
  }
  const lines = [...found]
    .map(([reasons, { first, count }]) => `${first}${others(count - 1)}: ${reasons}`)
    .sort()
  return [
    ...(pods.length < all.length
      ? [
          `new PodSecurity enforce level only checked against the first ${pods.length} of ${all.length} existing pods`,
        ]
      : []),
    ...(lines.length
      ? [
          `existing pods in namespace ${quote(namespace)} violate the new PodSecurity enforce level ${quote(levelText(level))}`,
        ]
      : []),
    ...lines,
  ]
}

function others(count: number): string {
  if (count === 0) return ''
  return ` (and ${count} other ${count === 1 ? 'pod' : 'pods'})`
}

function oneOfEachControllerFirst(pods: readonly Pod[]): readonly Pod[] {
  const seen = new Set<string>()
  const first: Pod[] = []
  const rest: Pod[] = []
  for (const pod of pods) {
    const uid = controllerOf(pod)?.uid
    if (uid && seen.has(uid)) rest.push(pod)
    else first.push(pod)
    if (uid) seen.add(uid)
  }
  return [...first, ...rest]
}

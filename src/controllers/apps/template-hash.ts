import type { PodTemplateSpec } from '../../api/types/core-v1.gen.ts'
import { sortKeys } from '../../machinery/meta/json.ts'

/** The label that tells the replica sets of one deployment apart. */
export const templateHashLabel = 'pod-template-hash'

/** apimachinery util/rand: no vowels and nothing that looks like another sign, so no words and no mistakes. */
const safeLetters = 'bcdfghjklmnpqrstvwxz2456789'

/**
 * Names a pod template. Upstream hashes Go's memory dump, which nobody else can; this is FNV-1a over the
 * template as JSON with sorted keys, written in the same letters. `collisions` makes another name of it.
 */
export function templateHash(template: PodTemplateSpec, collisions = 0): string {
  let hash = 0x811c9dc5
  const json = JSON.stringify(sortKeys(template))
  const text = collisions > 0 ? `${json}${collisions}` : json
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return [...String(hash)].map(digit => safeLetters[digit.charCodeAt(0) % safeLetters.length]).join('')
}

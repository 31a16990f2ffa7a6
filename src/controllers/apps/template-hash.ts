import type { PodTemplateSpec } from '../../api/types/core-v1.gen.ts'
import { sortKeys } from '../../machinery/meta/json.ts'
import { safeEncode } from '../../machinery/meta/names.ts'

/** The label that tells the replica sets of one deployment apart. */
export const templateHashLabel = 'pod-template-hash'

/**
 * Names a pod template. Upstream hashes Go's memory dump, which nobody else can; this is FNV-1a over the
 * template as JSON with sorted keys, written in the same letters. `collisions` makes another name of it.
 */
export function templateHash(template: PodTemplateSpec, collisions = 0): string {
  let hash = 0x811c9dc5
  const json = JSON.stringify(sortKeys(template))
  const text = collisions > 0 ? `${json}${collisions}` : json
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return safeEncode(String(hash))
}

import type { Cycle } from '../framework/plugin.ts'
import type { Restriction } from '../snapshot/restrictions.ts'

/** Takes away the cordoned and tainted nodes of the sorts that the pod may not go to; the rule has nothing against others. */
export function filterRestricted(
  { snapshot }: Cycle,
  mask: Uint8Array,
  isOpen: (restriction: Restriction) => boolean,
): void {
  for (const restriction of snapshot.restrictions.sorts())
    if (!isOpen(restriction)) for (const row of restriction.rows) mask[row] = 0
}

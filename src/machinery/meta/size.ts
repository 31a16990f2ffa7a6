/** Looked at, copied or compared in a tenth of a millisecond or so. */
const nodesMax = 512

/** Whether a value has few members and items, at all depths. To ask costs no more than to look at so many. */
export function isSmall(value: unknown): boolean {
  return rest(value, nodesMax) >= 0
}

/** How many more it may have; negative when that is none. */
function rest(value: unknown, left: number): number {
  if (typeof value !== 'object' || value === null) return left
  const members = Array.isArray(value) ? value : Object.values(value)
  let after = left - members.length
  for (let index = 0; after >= 0 && index < members.length; index++) after = rest(members[index], after)
  return after
}

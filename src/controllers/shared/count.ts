/** A count of a status: Go leaves out those that are zero. */
export function orAbsent(count: number): number | undefined {
  return count === 0 ? undefined : count
}

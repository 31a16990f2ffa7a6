/** Takes `0,3-5` apart; what is not below `completions` is left out (indexed_job_utils.go). */
export function parseIndexes(text: string | undefined, completions: number): Set<number> {
  const indexes = new Set<number>()
  for (const range of text ? text.split(',') : []) {
    const [first, last = first] = range.split('-').map(Number)
    if (!Number.isInteger(first) || !Number.isInteger(last)) continue
    for (let index = first!; index <= Math.min(last!, completions - 1); index++) indexes.add(index)
  }
  return indexes
}

/** Writes indexes in order, runs of more than two as ranges. */
export function formatIndexes(indexes: ReadonlySet<number>): string {
  const ordered = [...indexes].toSorted((a, b) => a - b)
  const parts: string[] = []
  for (let start = 0; start < ordered.length; ) {
    let end = start
    while (ordered[end + 1] === ordered[end]! + 1) end++
    const separator = end - start === 1 ? ',' : '-'
    parts.push(end === start ? `${ordered[start]}` : `${ordered[start]}${separator}${ordered[end]}`)
    start = end + 1
  }
  return parts.join(',')
}

/** The lowest `count` indexes below `completions` that are in none of the sets. */
export function pendingIndexes(
  count: number,
  completions: number,
  taken: readonly ReadonlySet<number>[],
): number[] {
  const pending: number[] = []
  for (let index = 0; index < completions && pending.length < count; index++)
    if (!taken.some(set => set.has(index))) pending.push(index)
  return pending
}

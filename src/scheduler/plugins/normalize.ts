import { maxNodeScore } from '../framework/plugin.ts'

/** Scales to 0 … 100 by the highest score; all zero stays zero (plugins/helper DefaultNormalizeScore). */
export function normalize(rows: readonly number[], scores: Float64Array): void {
  const highest = highestOf(rows, scores)
  if (highest === 0) return
  for (const row of rows) scores[row] = Math.floor((maxNodeScore * scores[row]!) / highest)
}

/** The same upside down: the lowest score becomes the best. */
export function normalizeReversed(rows: readonly number[], scores: Float64Array): void {
  const highest = highestOf(rows, scores)
  for (const row of rows) {
    scores[row] =
      highest === 0 ? maxNodeScore : maxNodeScore - Math.floor((maxNodeScore * scores[row]!) / highest)
  }
}

function highestOf(rows: readonly number[], scores: Float64Array): number {
  let highest = 0
  for (const row of rows) highest = Math.max(highest, scores[row]!)
  return highest
}

/** From the least to the most that something costs or holds (cel-go checker SizeEstimate, CostEstimate). */
export interface Range {
  readonly min: number
  readonly max: number
}

/** What upstream counts with ends here; sums and products stay. */
const ceiling = 2 ** 64

export const zero: Range = { min: 0, max: 0 }
export const anything: Range = { min: 0, max: ceiling }
/** The empty union: less than nothing, more than everything. */
export const nothing: Range = { min: ceiling, max: 0 }

export function exactly(value: number): Range {
  return { min: value, max: value }
}

const capped = (value: number) => Math.min(value, ceiling)

export function plus(...ranges: readonly Range[]): Range {
  return ranges.reduce((a, b) => ({ min: capped(a.min + b.min), max: capped(a.max + b.max) }), zero)
}

export function times(a: Range, b: Range): Range {
  return { min: capped(a.min * b.min), max: capped(a.max * b.max) }
}

/** A share of it, rounded up. */
export function scaled({ min, max }: Range, factor: number): Range {
  return { min: capped(Math.ceil(min * factor)), max: capped(Math.ceil(max * factor)) }
}

export function union(a: Range, b: Range): Range {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) }
}

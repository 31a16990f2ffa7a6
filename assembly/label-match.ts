/**
 * Matches one requirement of a label selector against a column of interned values, a row per object.
 *
 *   column: i32 per row, the interned value of one label key, 0 = the object has no such label
 *   values: i32 per wanted value, never 0
 *   mask:   u8 per row, 1 = still selected; the result is ANDed into it
 *
 * Sixteen rows at a time. Preconditions: column and mask have room for `rows` rounded up to 16.
 */

/** 1 in each byte whose row has one of the values. */
@inline
function anyOf(column: usize, values: usize, count: i32): v128 {
  const a = v128.load(column)
  const b = v128.load(column, 16)
  const c = v128.load(column, 32)
  const d = v128.load(column, 48)
  let found = i8x16.splat(0)
  for (let i = 0; i < count; i++) {
    const wanted = v128.load32_splat(values + (<usize>i << 2))
    const low = i16x8.narrow_i32x4_s(i32x4.eq(a, wanted), i32x4.eq(b, wanted))
    const high = i16x8.narrow_i32x4_s(i32x4.eq(c, wanted), i32x4.eq(d, wanted))
    found = v128.or(found, i8x16.narrow_i16x8_s(low, high))
  }
  return found
}

/** Keeps the rows that have one of the values (`negate` 0), or none of them (`negate` 1). */
export function keepMatching(column: usize, rows: i32, values: usize, count: i32, mask: usize, negate: i32): void {
  const flip = i8x16.splat(<i8>-negate)
  for (let row = 0; row < rows; row += 16) {
    const selected = v128.xor(anyOf(column + (<usize>row << 2), values, count), flip)
    v128.store(mask + row, v128.and(v128.load(mask + row), selected))
  }
}

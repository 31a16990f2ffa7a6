/** For sorting: the order of `<`, which is Go's but where surrogates are. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

import { quote } from './quote.ts'

/** How Go's strconv says that a text is no value of a type: `strconv.ParseInt: parsing "x": invalid syntax`. */
export function numError(
  parser: 'Atoi' | 'ParseBool' | 'ParseInt' | 'ParseUint',
  text: string,
  why: 'invalid syntax' | 'value out of range' = 'invalid syntax',
): string {
  return `strconv.${parser}: parsing ${quote(text)}: ${why}`
}

/** A decimal int64, which beyond 2^53 is not exact, or `numError` of strconv.ParseInt. */
export function parseInt64(text: string): number | string {
  if (!/^[+-]?\d+$/.test(text)) return numError('ParseInt', text)
  const value = BigInt(text)
  return BigInt.asIntN(64, value) === value ? Number(value) : numError('ParseInt', text, 'value out of range')
}

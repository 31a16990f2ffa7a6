/** A number, or that share of `total` rounded by `round` (apimachinery util/intstr GetScaledValueFromIntOrPercent). */
export function scaledValue(
  value: number | string,
  total: number,
  round: (value: number) => number = Math.ceil,
): number {
  if (typeof value === 'number') return value
  return round((Number.parseInt(value, 10) * total) / 100)
}

import { rawNumber } from '../../../std/exact-json.ts'
import { numberOf } from './parse.ts'

/** The text of JSON whose numbers may be symbols of their spelling, which is how they are written. */
export function printSpelled(value: unknown): string {
  return JSON.stringify(value, (_key, each) =>
    typeof each === 'symbol' ? rawNumber(each.description!) : each,
  )
}

/** Throws DecodeError where a number is spelled that no float64 holds. */
export function requireNumbers(value: unknown): void {
  if (typeof value === 'symbol') numberOf(value)
  else if (typeof value === 'object' && value !== null)
    for (const each of Object.values(value)) requireNumbers(each)
}

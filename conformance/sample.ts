import { sigOf } from './names.ts'
import type { Results, TestResult } from './results.ts'

const countMax = 14
const secondsMax = 12
/** Passed this often in a row, so that a machine's bad day is not taken for Hutch's. */
const streakMin = 3

/** Tests that are quick, have passed every time lately and do not mind company; another part of them in each `round`. */
export function sampleOf({ tests }: Results, round: number): string[] {
  const fit = tests.filter(isFit).map(({ name }) => name)
  if (fit.length <= countMax) return fit
  // Neighbours are alike: steps through the list mix the SIGs.
  const step = Math.floor(fit.length / countMax)
  const wanted = Array.from({ length: countMax }, (_, index) => fit[(index * step + round) % fit.length]!)
  return [...new Set(wanted)].sort((a, b) => sigOf(a).localeCompare(sigOf(b)))
}

function isFit({ name, result, seconds, streak = 0 }: TestResult): boolean {
  return (
    result === 'passed' &&
    streak >= streakMin &&
    seconds <= secondsMax &&
    !/\[(?:Serial|Slow|Disruptive)\]/.test(name)
  )
}

import { simRandom } from '../../src/std/sim-ports.ts'

/** Chance from one number, with the questions that a mutation asks of it. */
export interface Dice {
  /** A whole number from 0 to `below` - 1. */
  number(below: number): number
  pick<T>(from: readonly T[]): T
  chance(share: number): boolean
}

export function dice(seed: number): Dice {
  const random = simRandom(seed)
  const number = (below: number) => Math.floor(random.next() * below)
  return {
    number,
    pick: from => from[number(from.length)]!,
    chance: share => random.next() < share,
  }
}

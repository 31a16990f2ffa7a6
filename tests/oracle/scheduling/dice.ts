import { simRandom } from '../../../src/std/sim-ports.ts'

/** Chance from a seed: the same seed, the same throws. */
export interface Dice {
  chance(probability: number): boolean
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number
  pick<T>(list: readonly T[]): T
  /** Each member with the same probability, in order. */
  some<T>(list: readonly T[], probability: number): T[]
  /** `many` members made one by one. */
  list<T>(many: number, make: (index: number) => T): T[]
  /** The value, or undefined. */
  maybe<T>(probability: number, make: () => T): T | undefined
}

export function createDice(seed: number): Dice {
  const random = simRandom(seed)
  const int = (low: number, high: number) => low + Math.floor(random.next() * (high - low + 1))
  const chance = (probability: number) => random.next() < probability
  return {
    chance,
    int,
    pick: list => list[int(0, list.length - 1)]!,
    some: (list, probability) => list.filter(() => chance(probability)),
    list: (many, make) => Array.from({ length: many }, (_, index) => make(index)),
    maybe: (probability, make) => (chance(probability) ? make() : undefined),
  }
}

import type { GivenEmpty } from '../../schema/empties.ts'
import type { ListSchema } from '../../schema/schema.ts'
import type { DecodeError } from '../errors.ts'

/** What one walk saw. */
export interface Tally {
  /** Object members, known or not, at any depth. */
  members: number
  hasUnknown: boolean
  depth: number
  /** The value belongs to others: free JSON is copied, and what is frozen and known to be canonical is shared. */
  readonly isForeign: boolean
  /** The value was made for this reader alone: what of it is canonical needs no copy. */
  readonly isOwn: boolean
  /** Numbers may be symbols of their spelling (`Parsed`): in free JSON they become numbers again. */
  readonly isSpelled: boolean
  /** Long lists that were read before. */
  readonly checked?: Checked | undefined
  /** Lists and maps that were empty and are left out. */
  empties?: GivenEmpty[]
}

/** What came of a list, or why nothing did. */
export interface Outcome {
  readonly schema: ListSchema
  readonly tally: Tally
  readonly made: readonly unknown[]
  readonly error?: DecodeError
}

/** By the list as it was given. */
export type Checked = ReadonlyMap<object, Outcome>

export function newTally(
  of: Partial<Pick<Tally, 'isForeign' | 'isOwn' | 'isSpelled' | 'checked'>> = {},
): Tally {
  const { isForeign = false, isOwn = false, isSpelled = false, checked } = of
  return { members: 0, hasUnknown: false, depth: 0, isForeign, isOwn, isSpelled, checked }
}

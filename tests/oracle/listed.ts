/** A difference that is meant, and why. `place` is matched against `case name › path of the difference`. */
export interface ListedDifference {
  readonly place: RegExp
  readonly reason: string
}

export const listed: readonly ListedDifference[] = []

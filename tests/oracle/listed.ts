/** A difference that is meant, and why. `place` is matched against `case name › path of the difference: ours | theirs`. */
export interface ListedDifference {
  readonly place: RegExp
  readonly reason: string
}

export const listed: readonly ListedDifference[] = [
  {
    place: /› \.body\.(?:\d+\.)?(?:object\.)?columnDefinitions\.\d+\.description: "" \| "/,
    reason: 'Descriptions of columns are prose of the upstream types: only facts about kinds are committed.',
  },
]

/** A difference that is meant, and why. `place` is matched against `case name › path of the difference: ours | theirs`. */
export interface ListedDifference {
  readonly place: RegExp
  readonly reason: string
}

export const surplusCell: ListedDifference = {
  place: /^IPAddress: [^›]*(?:Table|row)[^›]* › \.body\.(?:object\.)?rows\.0\.cells\.2: absent/,
  reason: 'Upstream prints one cell more than it has columns; nobody can show it.',
}

export const listed: readonly ListedDifference[] = [
  surplusCell,
  {
    place:
      /^OpenAPI: .*PersistentVolumeClaimStatus\.properties\.allocatedResourceStatuses\.additionalProperties\.enum: absent/,
    reason: "The facts about types do not hold which values a map's entries may have; one field says it.",
  },
  {
    place: /^broken YAML[^›]* › \.body\.message: .*yaml: line \d: .*yaml: line \d: /,
    reason: 'Where YAML is broken each library says in its own words.',
  },
  {
    place: /^(?:Service|ValidatingAdmissionPolicy): (?:PUT|apply) of the status of none › /,
    reason:
      'A stock server would create an object through the door of its status; Hutch says that it is not there.',
  },
]

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
  {
    place: /PUT with a bad finalizer › \.body\.details\.causes\.\d+: absent/,
    reason: 'Some upstream kinds look at metadata twice and repeat the cause; the message tells it once.',
  },
  {
    place: /: absent \| null$/,
    reason:
      'Go prints null for an empty list or time without omitempty; to clients null and absent mean the same, and Hutch keeps no nulls.',
  },
  {
    place:
      /^FlowSchema: .* › \.body\.(?:.*\.)?(?:managedFields\.|status\.conditions: absent|rows\.0\.cells\.5)/,
    reason:
      "A stock API server's own flow controller reports on flow schemas, some time after they are written.",
  },
  {
    place:
      /^APIService: .* › \.body\.(?:.*\.)?(?:managedFields\.|status\.conditions: absent|rows\.0\.cells\.2)/,
    reason: 'Nothing asks after aggregated servers: Hutch stores APIServices and serves its own groups only.',
  },
  {
    place: /^DaemonSet: .* › \.body\.(?:rows\.0\.object\.)?metadata\.annotations: .* \| absent$/,
    reason:
      "Upstream keeps the template's generation outside of metadata and shows it as an annotation in the full form alone.",
  },
  {
    place: /^IPAddress: Table › \.body\.rows\.0\.cells\.2: absent/,
    reason: 'Upstream prints one cell more than it has columns.',
  },
]

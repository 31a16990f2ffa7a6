/** A difference that is meant, and why. `place` is matched against `case name › path of the difference: ours | theirs`. */
export interface ListedDifference {
  readonly place: RegExp
  readonly reason: string
}

export const listed: readonly ListedDifference[] = [
  {
    place: /^broken YAML[^›]* › \.body\.message: .*yaml: line \d: .*yaml: line \d: /,
    reason: 'Where YAML is broken each library says in its own words.',
  },
  {
    place:
      /^node: (?:the node node-other|nodes|a node without a name|a group without a node) › \.status: 200 \| 403$/,
    reason:
      "A node's service proxy and pod network are of one process with its kubelet and read the other nodes' addresses.",
  },
  {
    place: /^node: (?:label|phase) of the claim › \.body\.message: .* status\.conditions: @@ /,
    reason: 'Upstream shows the first line of a diff of Go texts, with line numbers.',
  },
  {
    place: /^(?:Service|ValidatingAdmissionPolicy): (?:PUT|apply) of the status of none › /,
    reason:
      'A stock server would create an object through the door of its status; Hutch says that it is not there.',
  },
]

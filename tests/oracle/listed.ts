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
    place: /^path: GET [^›]*%(?:FF|ff) › \.body\.message: .*\\\\xff/,
    reason: 'Bytes that are no UTF-8 are shown as what JSON shows of them.',
  },
  {
    place: /^accept: watch as "[^"]*;as=PartialObjectMetadataList;[^›]* › \.body/,
    reason: 'A watch of lists of metadata is one of metadata; a stock server ends it at its first event.',
  },
  {
    place:
      /^choose: metadata of pods where ,?spec\.nodeName=[^›]* › \.body\.metadata\.continue: "<continue>" \| absent$/,
    reason:
      'A stock server looks into an index of nodes and sees that there is no further pod; Hutch says that there may be.',
  },
  {
    place:
      /^door: bookmark of HorizontalPodAutoscaler of autoscaling\/v1 › .*"cpu: <unknown>\/80%" \| "<none>"$/,
    reason:
      'The row of a bookmark, of which nothing is true, shows the metric that an old version stands for.',
  },
  {
    place: /^(?:Service|ValidatingAdmissionPolicy): (?:PUT|apply) of the status of none › /,
    reason:
      'A stock server would create an object through the door of its status; Hutch says that it is not there.',
  },
]

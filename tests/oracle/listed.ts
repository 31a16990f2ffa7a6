/** A difference that is meant, and why. `place` is matched against `case name › path of the difference: ours | theirs`. */
export interface ListedDifference {
  readonly place: RegExp
  readonly reason: string
}

export const listed: readonly ListedDifference[] = [
  {
    place:
      /^APIService: .* › \.body\.(?:.*\.)?(?:managedFields\.|status\.conditions: absent|rows\.0\.cells\.2)/,
    reason: 'Nothing asks after aggregated servers: Hutch stores APIServices and serves its own groups only.',
  },
  {
    place: /^DaemonSet: .* › \.body\.(?:.*\.)?metadata\.annotations: .* \| absent$/,
    reason:
      "Upstream keeps the template's generation outside of metadata and shows it as an annotation in the full form alone.",
  },
  {
    place: /^IPAddress: [^›]*(?:Table|row)[^›]* › \.body\.(?:object\.)?rows\.0\.cells\.2: absent/,
    reason: 'Upstream prints one cell more than it has columns.',
  },
  {
    place: /^(?:Pod|Job): PUT .* › \.body\.(?:message|details\.causes\.\d+(?:\.(?:reason|message|field))?): /,
    reason:
      "Upstream repeats causes and prints its internal Go structs into texts about a Pod's spec and a Job's template.",
  },
  {
    place:
      /^(?:Deployment|ReplicaSet|StatefulSet): watch list(?: as protobuf)? › \.body\.1\.object\.spec\.replicas: absent \| 0$/,
    reason: 'The empty object of a bookmark comes from an internal type, where the count is no pointer.',
  },
  {
    place:
      /^DaemonSet: watch list(?: as protobuf)? › \.body\.1\.object\.metadata\.annotations\..*: absent \| "0"$/,
    reason: 'The empty object of a bookmark comes from an internal type with a generation of its template.',
  },
  {
    place: /: [^›]+ empty › \.body\.[\w.]+: \[\] \| null$/,
    reason: 'A stock server stores an empty list as none and shows null; Hutch shows it as it was sent.',
  },
  {
    place: /: change [^›]+ (?:empty|false) › \.body\.metadata\.generation: \d+ \| \d+$/,
    reason: 'An empty list or map, or false behind a pointer, counts as a change of such a spec upstream.',
  },
  {
    place: new RegExp(
      [
        String.raw`^Pod: (?:change )?spec\.ephemeralContainers\[0\]\.\w+ empty › `,
        String.raw`^(?:StorageClass: change parameters|Pod: spec\.overhead) empty › \.status: `,
        String.raw`^Event of events\.k8s\.io/v1: change (?:related|regarding|deprecatedSource) empty › `,
        String.raw`^HorizontalPodAutoscaler of autoscaling/v2: (?:change )?(?:spec|status)[^›]* empty › `,
        String.raw`^(?:Job|ResourceClaim|PersistentVolume|ResourceSlice): [^›]+ empty › \.body\.(?:message|details)`,
      ].join('|'),
    ),
    reason:
      'An empty list, map or struct is none to Hutch in these places, where a stock server tells the two apart.',
  },
  {
    place:
      /^(?:ResourceClaim|DeviceClass): (?:change )?spec\.[^›]*cel(?: empty|\.expression left out| with an item empty)/,
    reason: 'cel-go places the end of an empty expression before its first column.',
  },
  {
    place:
      /^HorizontalPodAutoscaler of autoscaling\/v1: change status\.currentCPU[^›]+ › .*(?:f:metadata|current-metrics): absent/,
    reason: 'Upstream spells an amount that v1 has no field for into an annotation as well.',
  },
  {
    place: /^StatefulSet: [^›]*volumeClaimTemplates(?: with an item twice|\[0\])/,
    reason: 'Claims without a name: upstream completes a template with the first of them only.',
  },
  {
    place: /^EndpointSlice: change addressType as IPv6 › /,
    reason: 'Upstream does not judge addresses again that stand already, not even for another family.',
  },
  {
    place: /^Job: change spec\.backoffLimitPerIndex zero › /,
    reason: 'Nothing and zero behind a pointer are alike where Hutch compares what must stay.',
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

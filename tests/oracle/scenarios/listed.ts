import type { ListedDifference } from '../listed.ts'

/** Differences that are meant, each with its reason. */
export const listedScenarios: readonly ListedDifference[] = [
  {
    place: /event StatefulSet .* Successful(Create|Delete): .*: once \| often$/,
    reason: 'Upstream acts a second time when its view does not show its own write yet.',
  },
  {
    place: /event PersistentVolumeClaim .*: (once \| often|often \| once)$/,
    reason: 'Upstream says it again every 15 seconds, Hutch whenever something changes.',
  },
  {
    place: /event PodDisruptionBudget .* NoPods: .*: (once \| often|often \| once)$/,
    reason: 'How often a budget is looked at before its first pod is there is a matter of speed.',
  },
  {
    place: /event Deployment .* ScalingReplicaSet: .*: (once \| often|often \| once)$/,
    reason: 'Of many similar events some are folded into one, which ones depends on how fast they come.',
  },
  {
    place:
      /Deployment .* status\.conditions\.\d\.(reason|message): .*(NewReplicaSetCreated|Created new replica set)/,
    reason:
      'A rollout that gets no further has begun or has progressed, as its first pods were counted or not.',
  },
  {
    place:
      /Endpoint(s|Slice) .* metadata\.annotations(\.endpoints\.kubernetes\.io\/last-change-trigger-time)?: /,
    reason: 'The last write of endpoints has a time when a change of readiness is among what it takes up.',
  },
  {
    place: /event .* the object has been modified; please apply your changes to the latest version/,
    reason: 'Whether two writers of an object meet is a matter of speed.',
  },
  {
    place: /event Job .* (Resumed|Suspended): .*: once \| often$/,
    reason: 'Upstream says it before it is written, and again when the write did not succeed.',
  },
  {
    place: /EndpointSlice .* metadata\.generation: /,
    reason: 'How many changes of pods one write of a slice takes up is a matter of speed.',
  },
]

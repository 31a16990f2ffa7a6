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
    place: /EndpointSlice .* metadata\.generation: /,
    reason: 'How many changes of pods one write of a slice takes up is a matter of speed.',
  },
]

import { expect, test } from 'bun:test'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { rankForDeletion } from './deletion-rank.ts'

const nowMs = Date.UTC(2026, 0, 2)
const hoursAgo = (hours: number) => toTimestamp(nowMs - hours * 3_600_000)
const cost = 'controller.kubernetes.io/pod-deletion-cost'

/** A pod that has run and been ready for a day on a node of its own. */
function pod(uid: string, change: (pod: Required<Pod>) => void = () => {}): Pod {
  const made = {
    metadata: { uid, name: uid, creationTimestamp: hoursAgo(24), annotations: {} },
    spec: {
      nodeName: `node-of-${uid}`,
      containers: [],
      initContainers: [{ name: 'beside', restartPolicy: 'Always' }, { name: 'first' }],
    },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: hoursAgo(24) }],
      containerStatuses: [{ name: 'c', restartCount: 1 }],
      initContainerStatuses: [
        { name: 'beside', restartCount: 1 },
        { name: 'first', restartCount: 1 },
      ],
    },
  } as unknown as Required<Pod>
  change(made)
  return made
}

const ready = (made: Required<Pod>) => made.status.conditions![0]!

/** Each is taken before a pod that differs in nothing else. */
const goes: Readonly<Record<string, (made: Required<Pod>) => void>> = {
  'nobody has given a node': ({ spec }) => delete (spec as { nodeName?: string }).nodeName,
  'has not begun': ({ status }) => (status.phase = 'Pending'),
  'is not ready': made => (ready(made).status = 'False'),
  'costs less': ({ metadata }) => (metadata.annotations = { [cost]: '-1' }),
  'shares its node': ({ spec }) => (spec.nodeName = 'crowded'),
  'has been ready for less time': made => (ready(made).lastTransitionTime = hoursAgo(1)),
  'has been restarted more often': ({ status }) => (status.containerStatuses![0]!.restartCount = 2),
  'restarts a container beside the others': ({ status }) =>
    (status.initContainerStatuses![0]!.restartCount = 2),
  'is younger': ({ metadata }) => (metadata.creationTimestamp = hoursAgo(1)),
}

test.each(Object.keys(goes))('a pod that %s goes first', reason => {
  const first = pod('z', goes[reason])
  const other = pod('a')
  const neighbour = pod('n', ({ spec }) => (spec.nodeName = 'crowded'))
  const related = [first, other, neighbour]
  expect(rankForDeletion([other, first], related, nowMs)[0]).toBe(first)
  expect(rankForDeletion([first, other], related, nowMs)[0]).toBe(first)
})

test('each reason counts for less than those before it', () => {
  const reasons = Object.values(goes)
  for (const [index, stronger] of reasons.slice(0, -1).entries()) {
    const first = pod('z', stronger)
    const other = pod('a', reasons[index + 1])
    const neighbour = pod('n', ({ spec }) => (spec.nodeName = 'crowded'))
    expect(rankForDeletion([other, first], [first, other, neighbour], nowMs)[0]).toBe(first)
  }
})

test('restarts of what runs before the containers, and costs that are no numbers, are not looked at', () => {
  const first = pod('a', made => {
    made.status.initContainerStatuses![1]!.restartCount = 9
    made.metadata.annotations = { [cost]: '-01' }
  })
  const other = pod('z')
  expect(rankForDeletion([other, first], [first, other], nowMs)).toEqual([other, first])
})

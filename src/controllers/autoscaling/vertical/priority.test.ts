import { describe, expect, test } from 'bun:test'
import { recommendationForPod } from '../../../api/autoscaling/vertical/capping.ts'
import type { VerticalPodAutoscaler } from '../../../api/autoscaling/vertical/types.ts'
import cases from '../../../api/autoscaling/vertical/upstream-cases.json' with { type: 'json' }
import type { LimitRange, Pod } from '../../../api/types/core-v1.gen.ts'
import { toTimestamp } from '../../../client/timestamp.ts'
import { canDisrupt, canEvict, decideInPlace, groupsOf } from './groups.ts'
import { comparePriority, meetsRequirements, priorityOf, wantsUpdate } from './priority.ts'

// Answered by upstream's own packages (its release 1.8.1).
test.each(cases.map(each => [each.name, each] as const))('how urgent: %s', (_, given) => {
  const [pod, autoscaler] = [
    given.pod as unknown as Pod,
    given.autoscaler as unknown as VerticalPodAutoscaler,
  ]
  const ranges = given.ranges as unknown as LimitRange[]
  const { recommendation } = recommendationForPod(autoscaler, pod, ranges)!
  const { amounts: _amounts, ...want } = given.want
  const meets = meetsRequirements(pod, recommendation, autoscaler)
  expect({ ...priorityOf(pod, recommendation), meets }).toEqual(want)
})

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const autoscaler = { metadata: { name: 'a' }, spec: {} } as VerticalPodAutoscaler
const inside = { isOutside: false, growsSomewhere: false, diff: 0.2 }

describe('which pods are changed', () => {
  const started = (ageMs: number): Pod => ({
    metadata: { name: 'p' },
    status: { startTime: toTimestamp(dayMs - ageMs) },
  })
  test('outside of the bounds at once, within them after twelve hours if they differ by a tenth', () => {
    expect(wantsUpdate(started(0), { ...inside, isOutside: true }, autoscaler, dayMs)).toBe(true)
    expect(wantsUpdate(started(11 * hourMs), inside, autoscaler, dayMs)).toBe(false)
    expect(wantsUpdate(started(12 * hourMs), inside, autoscaler, dayMs)).toBe(true)
    expect(wantsUpdate(started(12 * hourMs), { ...inside, diff: 0.09 }, autoscaler, dayMs)).toBe(false)
  })

  test('out of memory within ten minutes of its start, if anything would change', () => {
    const terminated = (fromMs: number, toMs: number) => ({
      ...{ exitCode: 137, reason: 'OOMKilled' },
      ...{ startedAt: toTimestamp(fromMs), finishedAt: toTimestamp(toMs) },
    })
    const killed = (fromMs: number, toMs: number): Pod => {
      const lastState = { terminated: terminated(fromMs, toMs) }
      const status = { name: 'c', image: 'x', imageID: '', ready: true, restartCount: 1, lastState }
      return { metadata: { name: 'p' }, status: { containerStatuses: [status] } }
    }
    const wants = (pod: Pod, priority = inside) => wantsUpdate(pod, priority, autoscaler, dayMs)
    expect(wants(killed(dayMs - 400_000, dayMs - 100_000))).toBe(true)
    expect(wants(killed(dayMs - 400_000, dayMs - 100_000), { ...inside, diff: 0 })).toBe(false)
    expect(wants(killed(dayMs - 900_000, dayMs - 100_000))).toBe(false)
    expect(wants(killed(dayMs - 900_000, dayMs - 700_000))).toBe(false)
  })

  test('who grows goes first, then who differs most', () => {
    const grows = { ...inside, growsSomewhere: true }
    const order = [inside, { ...inside, diff: 3 }, grows].sort(comparePriority)
    expect(order).toEqual([grows, { ...inside, diff: 3 }, inside])
  })
})

describe('how many pods of a group are away at a time', () => {
  const podsOf = (count: number, status: Pod['status'] = { phase: 'Running' }): Pod[] =>
    Array.from({ length: count }, (_, index) => ({
      metadata: {
        ...{ name: `p${index}`, uid: `u${index}`, namespace: 'shop' },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'r', controller: true },
        ],
      },
      status,
    }))
  const replicas = (count: number) => () => ({ metadata: { name: 'r' }, spec: { replicas: count } }) as never
  const open = (running: number, configured = running) => {
    const pods = podsOf(running)
    return { pods, group: groupsOf(pods, autoscaler, replicas(configured)).get(pods[0]!) }
  }

  test('half of them, and one of a group that is too small for half', () => {
    const { group } = open(4)
    expect(canDisrupt(group!)).toBe(true)
    group!.evicted = 2
    expect(canDisrupt(group!)).toBe(false)
    expect(canDisrupt(open(2, 4).group!)).toBe(false)
  })

  test('none of fewer than two, unless the autoscaler says so', () => {
    expect(open(1).group).toBeUndefined()
    const brave = { ...autoscaler, spec: { updatePolicy: { minReplicas: 1 } } }
    const [pod] = podsOf(1)
    const group = groupsOf([pod!], brave, replicas(1)).get(pod!)
    expect(canDisrupt(group!)).toBe(true)
    group!.evicted = 1
    expect(canDisrupt(group!)).toBe(false)
  })

  test('one that is not there any more, or wants none, is left alone', () => {
    expect(groupsOf(podsOf(3), autoscaler, () => undefined).size).toBe(0)
    expect(open(3, 0).group).toBeUndefined()
  })

  const resized = { ...autoscaler, spec: { updatePolicy: { updateMode: 'InPlaceOrRecreate' as const } } }
  const known = { ...resized, status: { recommendation: {} } }
  const during = (type: string, reason = '', message = ''): Pod => {
    const conditions = [{ type, status: 'True', reason, message }]
    return podsOf(1, { phase: 'Running', conditions })[0]!
  }
  const { group } = open(4)

  test.each([
    ['PodResizePending', 'Infeasible', 0, 'evict'],
    ['PodResizePending', 'Deferred', 300_000, 'deferred'],
    ['PodResizePending', 'Deferred', 300_001, 'evict'],
    ['PodResizeInProgress', '', hourMs, 'deferred'],
    ['PodResizeInProgress', '', hourMs + 1, 'evict'],
    ['PodResizeInProgress', 'Error', 0, 'evict'],
  ] as const)('a resize that is %s %s for %d ms: %s', (type, reason, forMs, want) => {
    const seen = new Map<string, number>()
    const pod = during(type, reason)
    const at = (nowMs: number) => decideInPlace(pod, { group, autoscaler: known }, seen, nowMs)
    at(dayMs)
    expect(at(dayMs + forMs)).toBe(want)
    expect(canEvict(pod, group, seen, dayMs + forMs)).toBe(want === 'evict')
  })

  test('it is resized where its group bears it, and waits where nothing is recommended', () => {
    const [pod] = podsOf(1)
    const decide = (each: VerticalPodAutoscaler, of = group) =>
      decideInPlace(pod!, { group: of, autoscaler: each }, new Map(), dayMs)
    expect(decide(known)).toBe('approved')
    expect(decide(resized)).toBe('deferred')
    expect(decide(known, open(2, 4).group)).toBe('deferred')
    expect(decide({ ...known, spec: { updatePolicy: { updateMode: 'InPlace' } } })).toBe('deferred')
  })
})

import { expect, test } from 'bun:test'
import { SimClock } from '../../std/sim-ports.ts'
import { testCluster, testNode, testPod } from '../testing.ts'
import { createSchedulingQueue } from './scheduling-queue.ts'

function setup() {
  const clock = new SimClock()
  return { clock, queue: createSchedulingQueue(() => testCluster({}).plugins, clock) }
}

test('higher priority leaves first, then the older pod', async () => {
  const { clock, queue } = setup()
  queue.add(testPod('old'))
  await clock.advance(1)
  queue.add(testPod('young'))
  queue.add(testPod('vip', {}, { priority: 10 }))
  expect([queue.pop()?.key, queue.pop()?.key, queue.pop()?.key]).toEqual([
    'default/vip',
    'default/old',
    'default/young',
  ])
})

test('a pod that does not fit is woken only by an event that can help', async () => {
  const { clock, queue } = setup()
  queue.add(testPod('p', { cpu: '3' }))
  queue.failed(queue.pop()!, new Set(['NodeResourcesFit']))
  await clock.advance(20_000)
  queue.moved({ kind: 'nodeAdded', node: testNode('small', { allocatable: { cpu: '1' } }) })
  expect(queue.pop()).toBeUndefined()
  queue.moved({ kind: 'nodeAdded', node: testNode('large') })
  expect(queue.pop()?.key).toBe('default/p')
})

test('back-off doubles from one second to ten', async () => {
  const { clock, queue } = setup()
  queue.add(testPod('p'))
  for (const delayMs of [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
    queue.retry(queue.pop()!)
    await clock.advance(delayMs - 1)
    expect(queue.hasActive()).toBe(false)
    await clock.advance(1)
    expect(queue.hasActive()).toBe(true)
  }
})

test('nothing waits for more than five minutes', async () => {
  const { clock, queue } = setup()
  queue.add(testPod('p'))
  queue.failed(queue.pop()!, new Set(['NodeName']))
  await clock.advance(300_000)
  expect(queue.pop()?.key).toBe('default/p')
})

test('a gated pod enters when its gates are lifted', () => {
  const { queue } = setup()
  const gated = testPod('p', {}, { schedulingGates: [{ name: 'g' }] })
  queue.add(gated)
  expect(queue.pop()).toBeUndefined()
  queue.update(gated, testPod('p'))
  expect(queue.pop()?.key).toBe('default/p')
})

test('a removed pod never leaves the queue', () => {
  const { queue } = setup()
  queue.add(testPod('p'))
  queue.remove('default/p')
  expect(queue.pop()).toBeUndefined()
})

test('an event wakes a pod into back-off, and it leaves at once when nothing else is to do', async () => {
  const { queue } = setup()
  queue.add(testPod('p', { cpu: '3' }))
  queue.failed(queue.pop()!, new Set(['NodeResourcesFit']))
  queue.moved({ kind: 'nodeAdded', node: testNode('large') })
  expect(queue.counts()).toEqual({ active: 0, backoff: 1, waiting: 0, gated: 0 })
  queue.add(testPod('fresh'))
  expect([queue.pop()?.key, queue.pop()?.key, queue.pop()]).toEqual(['default/fresh', 'default/p', undefined])
})

test('an event meant for some leaves the others asleep', () => {
  const { queue } = setup()
  for (const [name, priority] of [
    ['low', 1],
    ['high', 9],
  ] as const) {
    queue.add(testPod(name, {}, { priority }))
    queue.failed(queue.pop()!, new Set(['NodeResourcesFit']))
  }
  queue.moved({ kind: 'assignedPodDeleted', pod: testPod('gone') }, pod => pod.spec!.priority! < 5)
  expect([queue.pop()?.key, queue.pop()]).toEqual(['default/low', undefined])
})

import { describe, expect, test } from 'bun:test'
import type { ResourceRef } from '../client/resource.ts'
import { FakeTransport, fakeFailure } from '../client/testing.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import { StatusError } from '../machinery/status/status.ts'
import { realPorts } from '../std/real-ports.ts'
import { SimClock } from '../std/sim-ports.ts'
import { create, event, type Plan, remove, requeueAfter, slowStart } from './actions.ts'
import { type Controller, defineController } from './define.ts'
import { runControllers } from './run.ts'
import { startControllers } from './testing.ts'
import { WorkQueue } from './work-queue.ts'

interface Nest extends KubeObject {
  spec: { eggs: number }
}

const nests: ResourceRef<Nest> = {
  group: 'birds',
  version: 'v1',
  plural: 'nests',
  kind: 'Nest',
  namespaced: true,
}
const eggs: ResourceRef<KubeObject> = {
  group: 'birds',
  version: 'v1',
  plural: 'eggs',
  kind: 'Egg',
  namespaced: true,
}
const nest = (name: string, count: number): Nest => ({
  metadata: { name, namespace: 'tree' },
  spec: { eggs: count },
})

function egg(owner: Nest): KubeObject {
  const { name, namespace, uid } = owner.metadata
  const reference = { apiVersion: 'birds/v1', kind: 'Nest', name: name!, uid: uid!, controller: true }
  return { metadata: { generateName: `${name}-`, namespace, ownerReferences: [reference] } }
}

function layEggs(owner: Nest, have: readonly KubeObject[]): Plan {
  const missing = owner.spec.eggs - have.length
  if (missing < 0) return have.slice(missing).map(extra => remove(eggs, extra))
  return [slowStart(Array.from({ length: missing }, () => create(eggs, egg(owner))))]
}

const bird: Controller<Nest> = {
  name: 'bird',
  identity: 'bird-controller',
  primary: nests,
  owns: [{ resource: eggs }],
  plan: (owner, view) => layEggs(owner, view.owned(eggs)),
}

const createsOf = (calls: readonly { verb: string; resource: string }[]) =>
  calls.filter(call => call.verb === 'create' && call.resource === 'eggs').length

describe('controller', () => {
  test('brings its objects in order and keeps them so', async () => {
    const { transport, ports, stop, run } = startControllers([defineController(bird)])
    transport.put('nests', nest('a', 3))
    const running = run()
    await ports.clock.advance(10)
    expect(transport.objects('eggs')).toHaveLength(3)
    transport.remove('eggs', `tree/${transport.objects('eggs')[0]!.metadata.name}`)
    await ports.clock.advance(10)
    expect(transport.objects('eggs')).toHaveLength(3)
    transport.put('nests', nest('a', 1))
    await ports.clock.advance(10)
    expect(transport.objects('eggs')).toHaveLength(1)
    stop.abort()
    await running
  })

  test('tries a create into a namespace that is going once, however much goes in it', async () => {
    const { transport, ports, stop, run } = startControllers([defineController(bird)])
    transport.put('nests', nest('a', 3))
    const running = run()
    await ports.clock.advance(10)
    const before = createsOf(transport.calls)
    const going = fakeFailure(403, 'Forbidden', 'unable to create new content')
    const causes = [{ reason: 'NamespaceTerminating', message: '', field: '' }]
    for (let n = 0; n < 10; n++)
      transport.failNext('create', new StatusError({ ...going.status, details: { causes } }))
    for (const { metadata } of transport.objects('eggs')) {
      transport.remove('eggs', `tree/${metadata.name}`)
      await ports.clock.advance(10)
    }
    expect(createsOf(transport.calls) - before).toBe(1)
    stop.abort()
    await running
  })

  test('that never comes to an end leaves the event loop to others', async () => {
    const transport = new FakeTransport()
    transport.put('nests', nest('a', 0))
    const stop = new AbortController()
    let plans = 0
    // Without turns in between nobody else could end it: it gives up by itself.
    const plansMax = 1_000_000
    const plan = () => {
      if (++plans === plansMax) stop.abort()
      return [requeueAfter(0)]
    }
    const restless = defineController<Nest>({ ...bird, plan })
    const options = { transportFor: () => transport, informerTransport: transport }
    const running = runControllers([restless], options)(realPorts(), stop.signal)
    while (plans === 0) await new Promise(resolve => setTimeout(resolve, 1))
    await new Promise(resolve => setTimeout(resolve, 1))
    stop.abort()
    await running
    expect(plans).toBeLessThan(plansMax)
  })

  test('does not plan on a view that lacks its own writes', async () => {
    const { transport, ports, stop, run } = startControllers([defineController(bird)])
    void run()
    await ports.clock.advance(10)
    transport.put('nests', nest('a', 3))
    transport.holdEvents()
    await ports.clock.advance(10)
    expect(createsOf(transport.calls)).toBe(3)
    transport.releaseEvents()
    transport.holdEvents()
    transport.put('nests', nest('a', 5))
    transport.releaseEvents()
    await ports.clock.advance(10)
    expect(createsOf(transport.calls)).toBe(5)
    stop.abort()
  })

  test('a write that failed is tried again, later each time, and counted', async () => {
    const { transport, ports, stop, stats, run } = startControllers([defineController(bird)])
    for (let i = 0; i < 3; i++) transport.failNext('create', fakeFailure(500, 'InternalError', 'broken'))
    transport.put('nests', nest('a', 2))
    void run()
    await ports.clock.advance(4)
    expect(createsOf(transport.calls)).toBe(1)
    await ports.clock.advance(5 + 10 + 20 + 5)
    expect(transport.objects('eggs')).toHaveLength(2)
    expect(stats.get('bird')).toMatchObject({ failures: 3, conflicts: 0 })
    stop.abort()
  })

  test('a slow start stops at the first batch with a failure', async () => {
    const { transport, ports, stop, run } = startControllers([defineController(bird)])
    transport.put('nests', nest('a', 100))
    void run()
    transport.failNext('create', fakeFailure(403, 'Forbidden', 'quota'))
    await ports.clock.advance(4)
    expect(createsOf(transport.calls)).toBe(1)
    stop.abort()
  })

  test('a conflict is silent', async () => {
    const { transport, ports, stop, stats, run } = startControllers([defineController(bird)])
    transport.failNext('create', fakeFailure(409, 'Conflict', 'old'))
    transport.put('nests', nest('a', 1))
    void run()
    await ports.clock.advance(100)
    expect(stats.get('bird')).toMatchObject({ failures: 0, conflicts: 1 })
    expect(transport.objects('eggs')).toHaveLength(1)
    stop.abort()
  })

  test('an orphan wakes those who would adopt it', async () => {
    const seen: number[] = []
    const adopter: Controller<Nest> = {
      ...bird,
      owns: [{ resource: eggs, adopts: () => ({ matchLabels: { lost: 'yes' } }) }],
      plan(_, view) {
        seen.push(view.orphans(eggs).length)
        return []
      },
    }
    const { transport, ports, stop, run } = startControllers([defineController(adopter)])
    transport.put('nests', nest('a', 1))
    void run()
    await ports.clock.advance(10)
    transport.put('eggs', { metadata: { name: 'other', namespace: 'tree' } })
    transport.put('eggs', { metadata: { name: 'lost', namespace: 'tree', labels: { lost: 'yes' } } })
    await ports.clock.advance(10)
    expect(seen).toEqual([0, 2])
    stop.abort()
  })

  test('comes back when it asked to, and speaks through events', async () => {
    const times: number[] = []
    const clockwork: Controller<Nest> = {
      ...bird,
      owns: [],
      plan: (owner, _, nowMs) => {
        times.push(nowMs)
        return [
          event(nests, owner, { type: 'Normal', reason: 'Tick', message: 'tock' }),
          requeueAfter(60_000),
        ]
      },
    }
    const { transport, ports, stop, run } = startControllers([defineController(clockwork)])
    transport.put('nests', nest('a', 1))
    void run()
    await ports.clock.advance(150_000)
    expect(times.map(time => time - times[0]!)).toEqual([0, 60_000, 120_000])
    expect(transport.objects('events')).toHaveLength(1)
    stop.abort()
  })
})

describe('work queue', () => {
  test('a key is there once, and comes again when it was added while being worked on', async () => {
    const queue = new WorkQueue(new SimClock())
    queue.add('a')
    queue.add('a')
    expect(queue.depth).toBe(1)
    expect(await queue.take()).toBe('a')
    queue.add('a')
    expect(queue.depth).toBe(0)
    queue.done('a')
    expect(queue.depth).toBe(1)
  })

  test('of two deadlines the earlier counts', async () => {
    const clock = new SimClock()
    const queue = new WorkQueue(clock)
    queue.addAfter('a', 1_000)
    queue.addAfter('a', 10)
    queue.addAfter('a', 500)
    await clock.advance(10)
    expect(await queue.take()).toBe('a')
    queue.done('a')
    await clock.advance(10_000)
    expect(queue.depth).toBe(0)
  })

  test('pauses between tries double up to 1000 s', async () => {
    const clock = new SimClock()
    const queue = new WorkQueue(clock)
    const pauses: number[] = []
    for (let tries = 0; tries < 20; tries++) {
      const startMs = clock.nowMs()
      queue.retry('a')
      const taken = queue.take()
      while (clock.step()) await Promise.resolve()
      await taken
      queue.done('a')
      pauses.push(clock.nowMs() - startMs)
    }
    expect(pauses.slice(0, 4)).toEqual([5, 10, 20, 40])
    expect(pauses.at(-1)).toBe(1_000_000)
  })

  test('many keys leave in the order in which they came', async () => {
    const queue = new WorkQueue(new SimClock())
    for (let i = 0; i < 3_000; i++) queue.add(`k${i}`)
    for (let i = 0; i < 3_000; i++) expect(await queue.take()).toBe(`k${i}`)
  })
})

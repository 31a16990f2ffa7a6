import { describe, expect, test } from 'bun:test'
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/types/flowcontrol-v1.gen.ts'
import { type SimClock, settle, simPorts } from '../../std/sim-ports.ts'
import type { RequestContext, RequestInfo, UserInfo } from '../context.ts'
import { memorySource } from '../lister.ts'
import { bootstrapLevels, bootstrapSchemas } from './bootstrap.ts'
import { fairFraction } from './borrowing.ts'
import { dealHand } from './fair-queues.ts'
import { createFlowControl, type FlowControl } from './flow-control.ts'
import type { Rejection } from './series.ts'
import type { Ticket } from './ticket.ts'

const noInfo: RequestInfo = {
  isResourceRequest: true,
  path: '',
  verb: 'get',
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'default',
  name: 'p',
}
const user = (username: string, ...groups: string[]): UserInfo => ({
  username,
  groups: [...groups, 'system:authenticated'],
})

function request(who: UserInfo, info: Partial<RequestInfo> = {}, signal = new AbortController().signal) {
  return { user: who, info: { ...noInfo, ...info }, options: {}, signal } as RequestContext
}

interface Setup {
  readonly totalSeats?: number
  readonly schemas?: readonly FlowSchema[]
  readonly levels?: readonly PriorityLevelConfiguration[]
  readonly objects?: number
}

function start({
  totalSeats = 600,
  schemas = bootstrapSchemas,
  levels = bootstrapLevels,
  objects = 0,
}: Setup = {}) {
  const ports = simPorts()
  const sources = { schemas: memorySource(schemas), levels: memorySource(levels) }
  const flow = createFlowControl({ ports, ...sources, totalSeats, countObjects: () => objects })
  flow.start()
  return { flow, ports, ...sources }
}

const placed = (flow: FlowControl, who: UserInfo, info: Partial<RequestInfo> = {}) => {
  const { schema, level } = flow.place(request(who, info))
  return `${schema.metadata.name} ${level.name}`
}

describe('requests are placed as a stock server places them', () => {
  const { flow } = start()
  const path = (at: string) => ({ isResourceRequest: false, path: at, verb: 'get', resource: '' })
  const lease = {
    group: 'coordination.k8s.io',
    resource: 'leases',
    namespace: 'kube-node-lease',
    verb: 'update',
  }
  const node = user('system:node:n1', 'system:nodes')
  const account = user('system:serviceaccount:kube-system:job-controller', 'system:serviceaccounts')
  const cases: [string, UserInfo, Partial<RequestInfo>, string][] = [
    ['administrators', user('admin', 'system:masters'), {}, 'exempt exempt'],
    [
      'probes',
      { username: 'system:anonymous', groups: ['system:unauthenticated'] },
      path('/livez/ping'),
      'probes exempt',
    ],
    ['heartbeats', node, lease, 'system-node-high node-high'],
    [
      'node status',
      node,
      { resource: 'nodes', subresource: 'status', namespace: '' },
      'system-node-high node-high',
    ],
    ['what else nodes do', node, {}, 'system-nodes system'],
    [
      'leader election',
      user('system:kube-scheduler'),
      { ...lease, namespace: 'kube-system' },
      'system-leader-election leader-election',
    ],
    [
      'leases that are deleted',
      user('system:kube-scheduler'),
      { ...lease, verb: 'delete' },
      'kube-scheduler workload-high',
    ],
    ['controllers', account, {}, 'kube-system-service-accounts workload-high'],
    [
      'service accounts',
      user('system:serviceaccount:team:app', 'system:serviceaccounts'),
      {},
      'service-accounts workload-low',
    ],
    ['people', user('jane'), {}, 'global-default global-default'],
    ['who is in no group', { username: 'odd', groups: [] }, {}, 'catch-all catch-all'],
  ]
  for (const [name, who, info, expected] of cases) {
    test(name, () => expect(placed(flow, who, info)).toBe(expected))
  }

  test('a schema whose level is missing is not asked, one that appears is asked at once', () => {
    const { flow: live, schemas, levels } = start()
    const spec = {
      ...bootstrapSchemas[0]!.spec!,
      matchingPrecedence: 3,
      priorityLevelConfiguration: { name: 'own' },
    }
    const rules = [{ ...spec.rules![0]!, subjects: [{ kind: 'User', user: { name: 'jane' } }] }]
    schemas.put({ ...bootstrapSchemas[0]!, metadata: { name: 'janes' }, spec: { ...spec, rules } })
    expect(placed(live, user('jane'))).toBe('global-default global-default')
    levels.put({ ...bootstrapLevels.at(-1)!, metadata: { name: 'own' } })
    expect(placed(live, user('jane'))).toBe('janes own')
  })

  test('without any objects the mandatory ones count', () => {
    const { flow: bare } = start({ schemas: [], levels: [] })
    expect(placed(bare, user('admin', 'system:masters'))).toBe('exempt exempt')
    expect(placed(bare, user('jane'))).toBe('catch-all catch-all')
  })
})

interface Asked {
  readonly name: string
  outcome?: Ticket | Rejection
  leave(): void
}

function asker(flow: FlowControl) {
  const order: string[] = []
  const ask = (name: string, context: RequestContext): Asked => {
    const placement = flow.place(context)
    const asked: Asked = {
      name,
      leave: () => flow.leave(placement, asked.outcome as Ticket),
    }
    const take = (outcome: Ticket | Rejection) => {
      asked.outcome = outcome
      if (typeof outcome !== 'string') order.push(name)
    }
    const entered = flow.enter(context, placement)
    if (entered instanceof Promise) entered.then(take)
    else take(entered)
    return asked
  }
  return { ask, order }
}

/** Two levels without lending, so that limits stand still. */
function twoSeats(queuing?: { queues: number; handSize: number; queueLengthLimit: number }): Setup {
  const catchAll = bootstrapLevels.at(-1)!
  const limitResponse = queuing ? { type: 'Queue', queuing } : { type: 'Reject' }
  const limited = { nominalConcurrencyShares: 5, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse }
  return { totalSeats: 2, schemas: [], levels: [{ ...catchAll, spec: { type: 'Limited', limited } }] }
}

describe('seats', () => {
  test('a level that rejects takes what fits and sends the rest away', () => {
    const { flow } = start(twoSeats())
    const { ask } = asker(flow)
    const held = ['a', 'b', 'c'].map(name => ask(name, request(user(name))))
    expect(held[2]!.outcome).toBe('concurrency-limit')
    held[0]!.leave()
    expect(ask('d', request(user('d'))).outcome).toBeObject()
  })

  test('flows take turns whatever one of them has queued before', async () => {
    const { flow, ports } = start(twoSeats({ queues: 64, handSize: 4, queueLengthLimit: 50 }))
    const { ask, order } = asker(flow)
    const flood = Array.from({ length: 40 }, (_, index) => ask(`flood-${index}`, request(user('flood'))))
    const polite = ask('polite', request(user('polite')))
    expect(order).toEqual(['flood-0', 'flood-1'])
    for (let turn = 0; turn < 4 && !polite.outcome; turn++) {
      await ports.clock.advance(10)
      for (const each of flood) if (typeof each.outcome === 'object') each.leave()
      await settle()
    }
    // Both seats turned over at most twice before the other flow had its turn.
    expect(order.indexOf('polite')).toBeGreaterThan(0)
    expect(order.indexOf('polite')).toBeLessThan(7)
  })

  test('a full queue sends away, a long wait ends, and who is gone is forgotten', async () => {
    const { flow, ports } = start(twoSeats({ queues: 1, handSize: 1, queueLengthLimit: 2 }))
    const { ask } = asker(flow)
    ask('a', request(user('a')))
    ask('b', request(user('b')))
    const gone = new AbortController()
    const late = ask('late', request(user('c')))
    const left = ask('left', request(user('d'), {}, gone.signal))
    expect(ask('over', request(user('e'))).outcome).toBe('queue-full')
    gone.abort()
    await settle()
    expect(left.outcome).toBe('cancelled')
    await (ports.clock as SimClock).advance(15_000)
    expect(late.outcome).toBe('time-out')
    const counts = flow.levels().find(({ name }) => name === 'catch-all')!.counts
    expect(counts).toEqual({ dispatched: 2, rejected: 1, timedOut: 1, cancelled: 1 })
  })

  test('a tenant that floods the server does not delay a heartbeat', async () => {
    const { flow } = start({ totalSeats: 60 })
    const { ask } = asker(flow)
    const tenant = user('system:serviceaccount:tenant:flood', 'system:serviceaccounts')
    const flood = Array.from({ length: 1_000 }, (_, index) => ask(`flood-${index}`, request(tenant)))
    await settle()
    expect(flood.filter(({ outcome }) => outcome === undefined).length).toBeGreaterThan(0)
    const lease = { group: 'coordination.k8s.io', resource: 'leases', verb: 'update' }
    for (let node = 0; node < 5; node++) {
      const heartbeat = ask('heartbeat', request(user(`system:node:n${node}`, 'system:nodes'), lease))
      expect(heartbeat.outcome).toBeObject()
    }
    expect(ask('admin', request(user('admin', 'system:masters'))).outcome).toBeObject()
  })

  test('idle levels lend their seats and have them again when they want them', async () => {
    const { flow, ports } = start({ totalSeats: 600 })
    const { ask } = asker(flow)
    const level = () => flow.levels().find(({ name }) => name === 'global-default')!
    const nominal = level().current
    const held = Array.from({ length: nominal + 40 }, (_, index) =>
      ask(`r${index}`, request(user(`u${index}`))),
    )
    expect(held.filter(({ outcome }) => typeof outcome === 'object')).toHaveLength(nominal + 40)
    expect(level().current).toBeGreaterThan(nominal)
    for (const each of held) each.leave()
    await (ports.clock as SimClock).advance(60_000)
    expect(ports.clock.nextTimerMs()).toBeUndefined()
  })

  test('lists take a seat for each hundred objects, at most ten and what the level allows', () => {
    const wide = start({ objects: 450 })
    const list = { verb: 'list', name: '' }
    const { ask } = asker(wide.flow)
    const seats = (asked: Asked) => (asked.outcome as Ticket).seats
    expect(seats(ask('list', request(user('jane'), list)))).toBe(5)
    expect(seats(ask('get', request(user('jane'))))).toBe(1)
    expect(seats(ask('one', request(user('jane'), { verb: 'list', name: 'only' })))).toBe(1)
    const { ask: huge } = asker(start({ objects: 100_000 }).flow)
    expect(seats(huge('list', request(user('jane'), list)))).toBe(8)
    expect(seats(huge('list', request(user('admin', 'system:masters'), list)))).toBe(10)
  })
})

test('hands are dealt without repeats, the same for the same name, and use the whole deck', () => {
  const seen = new Set<number>()
  for (let index = 0; index < 500; index++) {
    const hand = dealHand(`flow-${index}`, 64, 6)
    expect(new Set(hand).size).toBe(6)
    expect(hand).toEqual(dealHand(`flow-${index}`, 64, 6))
    for (const card of hand) seen.add(card)
  }
  expect([...seen].every(card => card >= 0 && card < 64)).toBe(true)
  expect(seen.size).toBe(64)
})

test('the fair fraction respects every bound and uses all seats', () => {
  const shares = [
    { lower: 10, upper: 100, target: 50 },
    { lower: 0, upper: 100, target: 100 },
    { lower: 40, upper: 60, target: 40 },
  ]
  const fraction = fairFraction(shares, 120)
  const given = shares.map(({ lower, upper, target }) => Math.min(upper, Math.max(lower, target * fraction)))
  expect(given.reduce((sum, each) => sum + each, 0)).toBeCloseTo(120, 3)
  expect(given[2]).toBe(40)
  expect(given[0]! / given[1]!).toBeCloseTo(0.5, 3)
})

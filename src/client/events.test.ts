import { expect, test } from 'bun:test'
import type { Event } from '../api/types/core-v1.gen.ts'
import { simPorts } from '../std/sim-ports.ts'
import { createClient } from './client.ts'
import { createEventRecorder } from './events.ts'
import { FakeTransport, fakeFailure } from './testing.ts'

const pod = { kind: 'Pod', apiVersion: 'v1', namespace: 'default', name: 'web', uid: 'u1' }

function setUp() {
  const transport = new FakeTransport()
  const ports = simPorts()
  const stop = new AbortController()
  const client = createClient(transport)
  const recorder = createEventRecorder({
    client,
    ports,
    signal: stop.signal,
    component: 'kubelet',
    host: 'n1',
  })
  const note = (message: string) => recorder.record(pod, { type: 'Normal', reason: 'Pulled', message })
  return { transport, ports, recorder, note, written: () => transport.objects('events') as Event[] }
}

test('an event carries who, what and when', async () => {
  const { recorder, note, written } = setUp()
  note('image is there')
  await recorder.flushed()
  const [event] = written()
  expect(event).toMatchObject({
    involvedObject: pod,
    reason: 'Pulled',
    type: 'Normal',
    count: 1,
    source: { component: 'kubelet', host: 'n1' },
    reportingComponent: 'kubelet',
    firstTimestamp: '2026-01-01T00:00:00Z',
  })
  expect(event?.metadata.name).toMatch(/^web\.[0-9a-f]{16}$/)
})

test('the same event again raises the count of the first', async () => {
  const { ports, recorder, note, written } = setUp()
  for (let i = 0; i < 3; i++) {
    note('again')
    await recorder.flushed()
    await ports.clock.advance(1_000)
  }
  expect(written().map(event => [event.count, event.firstTimestamp, event.lastTimestamp])).toEqual([
    [3, '2026-01-01T00:00:00Z', '2026-01-01T00:00:02Z'],
  ])
})

test('many that differ only in their message are folded into one, and too many are dropped', async () => {
  const { recorder, note, written } = setUp()
  for (let i = 0; i < 40; i++) note(`message ${i}`)
  await recorder.flushed()
  const folded = written().find(event => event.message?.startsWith('(combined from similar events): '))
  expect(written()).toHaveLength(10)
  expect(folded?.count).toBe(16)
  expect(recorder.dropped()).toBe(15)
})

test('events about several objects are written together, those about one in their order', async () => {
  const { transport, recorder, note } = setUp()
  const other = { ...pod, name: 'db', uid: 'u2' }
  for (const message of ['first', 'second', 'third']) note(message)
  recorder.record(other, { type: 'Normal', reason: 'Pulled', message: 'beside' })
  const order: string[] = []
  const all = recorder.flushed()
  for (let turn = 0; turn < 40; turn++) {
    for (const event of transport.objects('events') as Event[])
      if (!order.includes(event.message!)) order.push(event.message!)
    await Promise.resolve()
  }
  await all
  expect(order.filter(message => message !== 'beside')).toEqual(['first', 'second', 'third'])
  expect(order.indexOf('beside')).toBeLessThan(2)
})

test('a counted event that was deleted meanwhile is made anew as it was', async () => {
  const { transport, recorder, note, written } = setUp()
  note('again')
  await recorder.flushed()
  const [first] = written()
  transport.remove('events', `default/${first!.metadata.name}`)
  note('again')
  await recorder.flushed()
  expect(written()).toMatchObject([{ metadata: { name: first!.metadata.name }, count: 2 }])
})

test('an object whose name no event may have has events all the same', async () => {
  const { recorder, written } = setUp()
  recorder.record({ ...pod, name: 'system:node' }, { type: 'Normal', reason: 'Seen', message: 'there' })
  await recorder.flushed()
  expect(written()[0]!.metadata.name).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)
})

test('a server that is away gets the event later, one that refuses does not', async () => {
  const { transport, ports, recorder, note, written } = setUp()
  transport.failNext('create', fakeFailure(503, 'ServiceUnavailable', 'down'))
  note('late')
  await ports.clock.advance(10_000)
  expect(written()).toHaveLength(1)
  transport.failNext('create', fakeFailure(403, 'Forbidden', 'no'))
  note('never')
  await recorder.flushed()
  expect(written()).toHaveLength(1)
  expect(recorder.dropped()).toBe(1)
})

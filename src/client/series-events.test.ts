import { expect, test } from 'bun:test'
import type { Event } from '../api/types/events-v1.gen.ts'
import { simPorts } from '../std/sim-ports.ts'
import { createClient } from './client.ts'
import { createSeriesRecorder } from './series-events.ts'
import { FakeTransport, fakeFailure } from './testing.ts'

const about = { kind: 'Pod', namespace: 'blue', name: 'p', uid: 'u', apiVersion: 'v1' }
const note = {
  type: 'Warning',
  reason: 'FailedScheduling',
  action: 'Scheduling',
  message: 'no room',
} as const

function setup() {
  const ports = simPorts()
  const api = new FakeTransport()
  const stop = new AbortController()
  const recorder = createSeriesRecorder({
    ...{ client: createClient(api), ports, signal: stop.signal },
    ...{ controller: 'default-scheduler', instance: 'default-scheduler-host' },
  })
  const events = () => api.objects('events') as unknown as Event[]
  return { ports, api, recorder, events }
}

test('an event has the words of events.k8s.io', async () => {
  const { ports, recorder, events } = setup()
  recorder.record(about, { ...note, related: { ...about, name: 'q' } })
  await ports.clock.advance(10)
  expect(events()).toMatchObject([
    {
      ...{
        action: 'Scheduling',
        reason: 'FailedScheduling',
        note: 'no room',
        type: 'Warning',
        regarding: about,
      },
      ...{ reportingController: 'default-scheduler', reportingInstance: 'default-scheduler-host' },
      ...{
        eventTime: '2026-01-01T00:00:00.000000Z',
        related: { name: 'q' },
        metadata: { namespace: 'blue' },
      },
    },
  ])
})

test('what is said again makes a series, told at the second time and at the end', async () => {
  const { ports, api, recorder, events } = setup()
  for (let n = 0; n < 5; n++) {
    recorder.record(about, { ...note, message: `no room ${n}` })
    await ports.clock.advance(1_000)
  }
  expect(events()).toMatchObject([{ note: 'no room 0', series: { count: 2 } }])
  expect(api.calls.map(({ verb }) => verb)).toEqual(['create', 'patch'])
  await ports.clock.advance(13 * 60_000)
  expect(events()).toMatchObject([{ series: { count: 5 } }])
  recorder.record(about, note)
  await ports.clock.advance(10)
  expect(events()).toHaveLength(2)
})

test('a series that goes on is told of every half hour, and made anew when the server has forgotten it', async () => {
  const { ports, api, recorder, events } = setup()
  for (let minute = 0; minute < 29; minute++) {
    recorder.record(about, note)
    await ports.clock.advance(60_000)
  }
  expect(events()).toMatchObject([{ series: { count: 2 } }])
  api.remove('events', `blue/${events()[0]!.metadata.name}`)
  await ports.clock.advance(60_000)
  expect(events()).toMatchObject([{ series: { count: 29 } }])
})

test('events for which there was no room stay unsaid, also when their time is over', async () => {
  const { ports, recorder, events } = setup()
  for (let n = 0; n < 1_100; n++) recorder.record({ ...about, name: `p${n}` }, note)
  await ports.clock.advance(60_000)
  const told = events().length
  expect([told, recorder.dropped()]).toEqual([1_000, 100])
  await ports.clock.advance(13 * 60_000)
  expect(events()).toHaveLength(told)
})

test('an event that is gone is made anew, and a server that is not there is asked again', async () => {
  const { ports, api, recorder, events } = setup()
  api.failNext('create', new Error('connection refused'))
  recorder.record(about, note)
  await ports.clock.advance(15_000)
  expect(events()).toHaveLength(1)
  api.remove('events', `blue/${events()[0]!.metadata.name}`)
  recorder.record(about, note)
  await ports.clock.advance(10)
  expect(events()).toMatchObject([{ series: { count: 2 } }])
  api.failNext('create', fakeFailure(403, 'Forbidden', 'no'))
  recorder.record({ ...about, name: 'other' }, note)
  await ports.clock.advance(60_000)
  expect(recorder.dropped()).toBe(1)
})

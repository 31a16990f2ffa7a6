import { describe, expect, test } from 'bun:test'
import { SimClock } from '../../../std/sim-ports.ts'
import { run } from '../testing.ts'
import { type EventLimit, eventRateLimit, readEventLimits } from './event-rate-limit.ts'

const event = (namespace: string, more: object = {}) => ({
  what: 'events',
  object: { metadata: { name: 'e', namespace }, ...more },
})

function setup(...limits: EventLimit[]) {
  const clock = new SimClock(0)
  const plugin = eventRateLimit(limits, clock)
  const write = async (given: Parameters<typeof run>[1]) => (await run(plugin, given)).refused
  return { clock, write }
}

describe('EventRateLimit', () => {
  test('lets a burst pass, then as many as a second gives, each namespace for itself', async () => {
    const { clock, write } = setup({ type: 'Namespace', qps: 2, burst: 3 })
    for (let i = 0; i < 3; i++) expect(await write(event('a'))).toBeUndefined()
    const full = 'Too many requests: limit reached on type Namespace for key a'
    expect(await write(event('a'))).toBe(full)
    expect(await write(event('b'))).toBeUndefined()
    await clock.advance(500)
    expect(await write(event('a'))).toBeUndefined()
    expect(await write(event('a'))).toBe(full)
  })
  test('tells every limit that is reached; each one counts what another refuses', async () => {
    const { write } = setup({ type: 'Server', qps: 1, burst: 1 }, { type: 'User', qps: 1, burst: 1 })
    await write(event('a'))
    expect(await write(event('a'))).toBe(
      'Too many requests: [limit reached on type Server for key , limit reached on type User for key ann]',
    )
  })
  test('source and object are one key', async () => {
    const { write } = setup({ type: 'SourceAndObject', qps: 1, burst: 1 })
    const of = (name: string) =>
      event('a', { source: { component: 'c', host: 'h' }, involvedObject: { kind: 'Pod', name } })
    await write(of('p'))
    expect(await write(of('q'))).toBeUndefined()
    expect(await write(of('p'))).toContain('for key chPodp')
  })
  test('a forgotten key has its burst again', async () => {
    const { write } = setup({ type: 'Namespace', qps: 1, burst: 1, cacheSize: 1 })
    await write(event('a'))
    await write(event('b'))
    expect(await write(event('a'))).toBeUndefined()
  })
  test('the other events group and other kinds pass', async () => {
    const { write } = setup({ type: 'Server', qps: 1, burst: 1 })
    await write(event('a'))
    expect(await write({ ...event('a'), what: 'events.k8s.io/events' })).toBeUndefined()
    expect(await write({ what: 'configmaps', object: { metadata: { name: 'c' } } })).toBeUndefined()
  })
})

describe('its configuration', () => {
  const head = 'apiVersion: eventratelimit.admission.k8s.io/v1alpha1\nkind: Configuration\n'
  test('is read', () => {
    expect(readEventLimits(`${head}limits: [{type: User, qps: 5, burst: 9, cacheSize: 2}]`)).toEqual([
      { type: 'User', qps: 5, burst: 9, cacheSize: 2 },
    ])
  })
  test.each([
    ['limits: []', 'limits: Invalid value: []: must not be empty'],
    ['limits: [{type: User, qps: 5}]', 'limits[0].burst: Invalid value: 0: must be positive'],
    [
      'limits: [{type: Nope, qps: 5, burst: 1}]',
      'limits[0].type: Unsupported value: "Nope": supported values: "Server", "Namespace", "User", "SourceAndObject"',
    ],
  ])('%s is refused with its place', (body, message) => {
    expect(() => readEventLimits(head + body)).toThrow(message)
  })
})

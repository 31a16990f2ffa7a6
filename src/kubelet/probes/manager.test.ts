import { expect, test } from 'bun:test'
import { createMetrics } from '../../std/metrics.ts'
import { simPorts } from '../../std/sim-ports.ts'
import type { ObservedContainer } from '../runtime/runtime.ts'
import { testPod } from '../testing.ts'
import { createProbeManager } from './manager.ts'

const everySecond = { exec: { command: ['x'] }, periodSeconds: 1, failureThreshold: 1 }
const container = { id: 'c', name: 'main', pod: { uid: 'uid-of-web' }, createdAtMs: 0 } as ObservedContainer

/** A container with these probes, whose answers `answer` gives. */
function probed(kinds: readonly string[], answer: () => boolean) {
  const ports = simPorts()
  const asked: string[] = []
  const manager = createProbeManager({
    ports,
    events: () => {},
    metrics: createMetrics(),
    prober: async ({ probe }) => {
      asked.push(probe.exec?.command?.[0] ?? '')
      return { ok: answer(), output: '' }
    },
  })
  const spec = {
    ...{ name: 'main', image: 'i' },
    ...Object.fromEntries(kinds.map(kind => [`${kind}Probe`, { ...everySecond, exec: { command: [kind] } }])),
  }
  const sync = (stopping: boolean) =>
    manager.sync(testPod('web'), [{ spec, container, podIp: undefined, stopping }], () => {})
  return { ...ports, asked, sync, verdict: () => manager.verdict(container) }
}

test('what is being stopped serves until its readiness probe says otherwise, and lives or dies no more', async () => {
  let healthy = true
  const { clock, asked, sync, verdict } = probed(['liveness', 'readiness'], () => healthy)
  sync(false)
  await clock.advance(1_500)
  expect(verdict()).toEqual({ started: true, ready: true })
  sync(true)
  asked.length = 0
  await clock.advance(3_000)
  expect(new Set(asked)).toEqual(new Set(['readiness']))
  expect(verdict()).toEqual({ started: true, ready: true })
  healthy = false
  await clock.advance(1_000)
  expect(verdict()).toEqual({ started: true, ready: false })
})

test('a probe that cannot be made says nothing', async () => {
  let isPossible = true
  const { clock, sync, verdict } = probed(['liveness', 'readiness'], () => {
    if (isPossible) return true
    throw new Error('no connection')
  })
  sync(false)
  await clock.advance(1_500)
  isPossible = false
  await clock.advance(10_000)
  expect(verdict()).toEqual({ started: true, ready: true })
})

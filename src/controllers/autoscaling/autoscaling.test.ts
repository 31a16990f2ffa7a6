import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { HorizontalPodAutoscaler } from '../../api/types/autoscaling-v2.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { defaultTuning } from '../tuning.ts'
import { podRequests } from './pod-metrics.ts'
import { type Calculation, calculateReplicas } from './replica-calculator.ts'
import { limit, newMemory, noteChange } from './scaling-behavior.ts'

const hourMs = 3_600_000
const { autoscaling: tuning } = defaultTuning

function pod(name: string, phase = 'Running'): Pod {
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: toTimestamp(0) }]
  return {
    metadata: { name },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu: '100m' } } }] },
    status: { phase, startTime: toTimestamp(0), conditions },
  }
}

/** Pods that use so many thousandths, of 100 wanted each; undefined: it says nothing. */
function calculation(uses: readonly (number | undefined)[], current = uses.length): Calculation {
  const names = uses.map((_, index) => `p${index}`)
  const usage = new Map(
    uses.flatMap((value, index) =>
      value === undefined ? [] : [[names[index]!, { value, atMs: hourMs, windowMs: 60_000 }] as const],
    ),
  )
  const ratio = (values: ReadonlyMap<string, number>) =>
    [...values.values()].reduce((sum, value) => sum + value, 0) / values.size / 100
  return {
    ...{ current, usage, ratio, resource: 'cpu', nowMs: hourMs },
    pods: names.map(name => pod(name)),
    tolerances: { up: 0.1, down: 0.1 },
    tuning,
    assumed: () => 100,
  }
}

describe('how many pods there should be', () => {
  test('as many as use what is wanted, and no change within the tolerance', () => {
    expect(calculateReplicas(calculation([200, 200]))).toBe(4)
    expect(calculateReplicas(calculation([50, 50, 50, 50]))).toBe(2)
    expect(calculateReplicas(calculation([105, 105]))).toBe(2)
  })

  test('a pod that says nothing is taken to use little when others use much, and the other way round', () => {
    expect(calculateReplicas(calculation([300, undefined]))).toBe(3)
    expect(calculateReplicas(calculation([50, 50, undefined]))).toBe(2)
    expect(calculateReplicas(calculation([150, undefined]))).toBe(2)
  })

  test('pods that are not ready yet count as idle when it would grow', () => {
    const starting = calculation([400])
    const pending = [...starting.pods, pod('late', 'Pending')]
    expect(calculateReplicas({ ...starting, current: 2, pods: pending })).toBe(4)
    expect(() =>
      calculateReplicas({ ...starting, usage: new Map(), pods: [pod('late', 'Pending')] }),
    ).toThrow('did not receive metrics')
  })

  test('a container that asks for nothing makes its pod’s share unknown', () => {
    const silent: Pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c' }] } }
    expect(() => podRequests([silent], 'cpu', undefined)).toThrow(
      'missing request for cpu in container c of Pod p',
    )
    expect(podRequests([pod('p')], 'cpu', undefined).get('p')).toBe(100)
  })
})

const plain = { spec: { maxReplicas: 10 } } as HorizontalPodAutoscaler
const ruled = (behavior: object) => ({ spec: { maxReplicas: 100, behavior } }) as HorizontalPodAutoscaler

describe('how fast the size may change', () => {
  test('without rules it at most doubles, and shrinks only after five minutes', () => {
    const memory = newMemory()
    const at = (nowMs: number, current: number, proposed: number) =>
      limit({ autoscaler: plain, memory, current, proposed, minReplicas: 1, tuning, nowMs })
    expect(at(0, 3, 9)).toMatchObject({ replicas: 6, isLimited: true, reason: 'ScaleUpLimit' })
    expect(at(1_000, 6, 20)).toMatchObject({ replicas: 10, reason: 'TooManyReplicas' })
    expect(at(60_000, 10, 2)).toMatchObject({ replicas: 10, stabilized: { reason: 'ScaleDownStabilized' } })
    expect(at(400_000, 10, 2)).toMatchObject({ replicas: 2, stabilized: undefined, isLimited: false })
  })

  test('rules limit the rate in each direction', () => {
    const scaleUp = { policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }], selectPolicy: 'Max' }
    const scaleDown = { selectPolicy: 'Disabled', stabilizationWindowSeconds: 0 }
    const autoscaler = ruled({ scaleUp, scaleDown })
    const memory = newMemory()
    const step = (nowMs: number, current: number, proposed: number) =>
      limit({ autoscaler, memory, current, proposed, minReplicas: 1, tuning, nowMs })
    expect(step(0, 4, 20)).toMatchObject({ replicas: 6, reason: 'ScaleUpLimit' })
    noteChange({ autoscaler, memory, current: 4, nowMs: 0 }, 6)
    expect(step(30_000, 6, 20).replicas).toBe(6)
    expect(step(61_000, 6, 20).replicas).toBe(8)
    expect(step(90_000, 8, 1)).toMatchObject({ replicas: 8, reason: 'ScaleDownLimit' })
  })

  test('whatever is proposed, the size stays within its bounds', () => {
    const size = fc.integer({ min: 1, max: 10 })
    fc.assert(
      fc.property(size, fc.integer({ min: 0, max: 1_000 }), fc.boolean(), (current, proposed, hasRules) => {
        const policies = [{ type: 'Percent', value: 100, periodSeconds: 15 }]
        const rules = { scaleUp: { policies }, scaleDown: { policies, stabilizationWindowSeconds: 0 } }
        const autoscaler = hasRules ? { spec: { ...plain.spec!, behavior: rules } } : plain
        const given = { memory: newMemory(), current, proposed, minReplicas: 1, tuning, nowMs: 0 }
        const { replicas } = limit({ autoscaler: autoscaler as HorizontalPodAutoscaler, ...given })
        expect(replicas).toBeGreaterThanOrEqual(1)
        expect(replicas).toBeLessThanOrEqual(10)
      }),
    )
  })
})

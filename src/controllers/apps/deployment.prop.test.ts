import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Deployment, ReplicaSet } from '../../api/types/apps-v1.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { FakeTransport } from '../../client/testing.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { startControllers } from '../../controller/testing.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { SimClock } from '../../std/sim-ports.ts'
import { isActive, isReady } from '../shared/pod.ts'
import { deploymentController } from './deployment.ts'
import { sizeOf } from './deployment-replicasets.ts'
import { fenceposts } from './deployment-spec.ts'
import { replicaSetController } from './replicaset.ts'

interface Shape {
  readonly replicas: number
  readonly maxSurge: number | string
  readonly maxUnavailable: number | string
}

function deployment({ replicas, maxSurge, maxUnavailable }: Shape, image: string): Deployment {
  const labels = { app: 'web' }
  const containers = [{ name: 'c', image }]
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
      revisionHistoryLimit: 2,
      progressDeadlineSeconds: 600,
    },
  }
}

/** Every pod that is there becomes ready, except those of a broken image. */
function kubelet(transport: FakeTransport, clock: SimClock, share = 1): void {
  const waiting = (transport.objects('pods') as Pod[]).filter(
    pod => !isReady(pod) && pod.spec?.containers[0]?.image !== 'broken',
  )
  for (const pod of waiting.slice(0, Math.ceil(waiting.length * share))) {
    const lastTransitionTime = toTimestamp(clock.nowMs())
    const ready = { type: 'Ready', status: 'True', lastTransitionTime }
    transport.put('pods', { ...pod, status: { phase: 'Running', conditions: [ready] } } as KubeObject)
  }
}

const available = (transport: FakeTransport) =>
  (transport.objects('pods') as Pod[]).filter(pod => isActive(pod) && isReady(pod)).length
const wantedPods = (transport: FakeTransport) =>
  (transport.objects('replicasets') as ReplicaSet[]).reduce((sum, set) => sum + sizeOf(set), 0)
const live = (transport: FakeTransport) => transport.object('deployments', 'default/web') as Deployment

function change(
  transport: FakeTransport,
  edit: (spec: NonNullable<Deployment['spec']>) => Deployment['spec'],
): void {
  const current = live(transport)
  transport.put('deployments', { ...current, spec: edit(structuredClone(current.spec!)) } as KubeObject)
}

const setImage = (transport: FakeTransport, image: string) =>
  change(transport, spec => ({
    ...spec,
    template: { ...spec.template, spec: { containers: [{ name: 'c', image }] } },
  }))

async function settled(transport: FakeTransport, clock: SimClock, rounds = 40): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await clock.advance(1_000)
    kubelet(transport, clock)
  }
}

const amount = fc.oneof(fc.nat(3), fc.constantFrom('0%', '25%', '50%', '100%'))
const shapes = fc.record({
  replicas: fc.integer({ min: 1, max: 8 }),
  maxSurge: amount,
  maxUnavailable: amount,
})

test('a rolling update keeps to surge and availability at every moment and ends on the new template', async () => {
  await fc.assert(
    fc.asyncProperty(
      shapes,
      fc.array(fc.constantFrom('v2', 'v3', 'v4'), { minLength: 1, maxLength: 3 }),
      async (shape, images) => {
        const { transport, ports, stop, run } = startControllers([deploymentController, replicaSetController])
        const running = run()
        transport.put('deployments', deployment(shape, 'v1'))
        await settled(transport, ports.clock, 15)
        const { maxSurge, maxUnavailable } = fenceposts(live(transport))
        for (const image of images) {
          setImage(transport, image)
          for (let round = 0; round < 6; round++) {
            await ports.clock.advance(500)
            expect(available(transport)).toBeGreaterThanOrEqual(shape.replicas - maxUnavailable)
            expect(wantedPods(transport)).toBeLessThanOrEqual(shape.replicas + maxSurge)
            kubelet(transport, ports.clock, 0.5)
          }
        }
        await settled(transport, ports.clock)
        const running1 = (transport.objects('pods') as Pod[]).map(pod => pod.spec?.containers[0]?.image)
        expect(running1).toEqual(Array.from({ length: shape.replicas }, () => images.at(-1)))
        expect(live(transport).status?.conditions).toContainEqual(
          expect.objectContaining({ type: 'Progressing', reason: 'NewReplicaSetAvailable' }),
        )
        expect(transport.objects('replicasets').length).toBeLessThanOrEqual(3)
        stop.abort()
        await running
      },
    ),
    { numRuns: 40 },
  )
})

const usual: Shape = { replicas: 4, maxSurge: '25%', maxUnavailable: '25%' }

async function rolledOut(shape: Shape = usual) {
  const world = startControllers([deploymentController, replicaSetController])
  const running = world.run()
  world.transport.put('deployments', deployment(shape, 'v1'))
  await settled(world.transport, world.ports.clock)
  const end = async () => {
    world.stop.abort()
    await running
  }
  return { ...world, end }
}

test('a rollout that cannot get on says so after its deadline, and goes back when told to', async () => {
  const { transport, ports, end } = await rolledOut()
  setImage(transport, 'broken')
  await settled(transport, ports.clock)
  expect(available(transport)).toBe(3)
  await ports.clock.advance(700_000)
  const conditions = live(transport).status?.conditions
  expect(conditions).toContainEqual(
    expect.objectContaining({ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }),
  )
  setImage(transport, 'v1')
  await settled(transport, ports.clock)
  expect(available(transport)).toBe(4)
  expect(live(transport).metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3')
  const first = (transport.objects('replicasets') as ReplicaSet[]).find(set => sizeOf(set) === 4)
  expect(first?.metadata.annotations?.['deployment.kubernetes.io/revision-history']).toBe('1')
  await end()
})

test('scaling in the middle of a rollout is shared in proportion', async () => {
  const { transport, ports, end } = await rolledOut({ replicas: 10, maxSurge: 3, maxUnavailable: 2 })
  setImage(transport, 'broken')
  await ports.clock.advance(5_000)
  const sizes = () => (transport.objects('replicasets') as ReplicaSet[]).map(sizeOf)
  expect(sizes()).toEqual([8, 5])
  change(transport, spec => ({ ...spec, replicas: 15 }))
  await ports.clock.advance(5_000)
  expect(sizes()).toEqual([11, 7])
  await end()
})

test('a paused deployment scales but does not roll', async () => {
  const { transport, ports, end } = await rolledOut()
  change(transport, spec => ({ ...spec, paused: true }))
  await ports.clock.advance(1_000)
  setImage(transport, 'v2')
  change(transport, spec => ({ ...spec, replicas: 6 }))
  await settled(transport, ports.clock, 5)
  expect(transport.objects('replicasets')).toHaveLength(1)
  expect(available(transport)).toBe(6)
  change(transport, spec => ({ ...spec, paused: false }))
  await settled(transport, ports.clock)
  expect(transport.objects('replicasets')).toHaveLength(2)
  await end()
})

test('Recreate lets all old pods go before the first new one comes', async () => {
  const { transport, ports, end } = await rolledOut()
  change(transport, spec => ({ ...spec, strategy: { type: 'Recreate' } }))
  await ports.clock.advance(1_000)
  setImage(transport, 'v2')
  for (let round = 0; round < 20; round++) {
    await ports.clock.advance(100)
    const images = new Set((transport.objects('pods') as Pod[]).map(pod => pod.spec?.containers[0]?.image))
    expect(images.size).toBeLessThanOrEqual(1)
  }
  await settled(transport, ports.clock)
  expect(available(transport)).toBe(4)
  await end()
})

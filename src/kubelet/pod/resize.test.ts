import { afterEach, expect, test } from 'bun:test'
import type { Container, Event, Pod } from '../../api/types/core-v1.gen.ts'
import { type SimulatedNode, simulatedNode, testPod } from '../testing.ts'

let node: SimulatedNode | undefined
afterEach(() => node?.stop())

const amounts = (cpu: string, memory: string) => ({
  requests: { cpu, memory },
  limits: { cpu, memory },
})
const containerOf = (cpu: string, memory: string, rest: Partial<Container> = {}): Container => ({
  ...{ name: 'main', image: 'i', resources: amounts(cpu, memory) },
  ...rest,
})

const change = (name: string, container: Container) => {
  const pod = node!.pod(name)!
  const generation = (pod.metadata.generation ?? 0) + 1
  node!.api.put('pods', {
    ...pod,
    metadata: { ...pod.metadata, generation },
    spec: { ...pod.spec, containers: [container] },
  } as Pod)
}
const mainOf = (name: string) => node?.pod(name)?.status?.containerStatuses?.[0]
const condition = (name: string, type: string) =>
  node?.pod(name)?.status?.conditions?.find(found => found.type === type)
const reasons = () => (node!.api.objects('events') as Event[]).map(event => event.reason)

test('a running container gets other resources without a restart, and the status says so', async () => {
  node = await simulatedNode()
  node.api.put('pods', testPod('web', { containers: [containerOf('100m', '64Mi')] }))
  await node.clock.advance(1_000)
  const before = mainOf('web')?.containerID
  change('web', containerOf('200m', '128Mi'))
  await node.clock.advance(1_000)
  expect(mainOf('web')).toMatchObject({
    ...{ containerID: before, restartCount: 0, resources: amounts('200m', '128Mi') },
    allocatedResources: { cpu: '200m', memory: '128Mi' },
  })
  expect(condition('web', 'PodResizeInProgress')).toBeUndefined()
  await node.clock.advance(2_000)
  expect(reasons()).toContain('ResizeStarted')
  expect(reasons()).toContain('ResizeCompleted')
})

test('a container whose policy asks for it is restarted with the new resources', async () => {
  node = await simulatedNode()
  const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }]
  node.api.put('pods', testPod('web', { containers: [containerOf('100m', '64Mi', { resizePolicy })] }))
  await node.clock.advance(1_000)
  change('web', containerOf('200m', '64Mi', { resizePolicy }))
  await node.clock.advance(5_000)
  expect(mainOf('web')).toMatchObject({ restartCount: 0, resources: amounts('200m', '64Mi') })
  change('web', containerOf('200m', '128Mi', { resizePolicy }))
  await node.clock.advance(5_000)
  expect(mainOf('web')).toMatchObject({ restartCount: 1, resources: amounts('200m', '128Mi') })
  expect(condition('web', 'PodResizeInProgress')).toBeUndefined()
})

test('what no node of this size could hold is infeasible, and the old resources stay in force', async () => {
  node = await simulatedNode()
  node.api.put('pods', testPod('web', { containers: [containerOf('1', '64Mi')] }))
  await node.clock.advance(1_000)
  change('web', containerOf('33', '64Mi'))
  await node.clock.advance(1_000)
  expect(condition('web', 'PodResizePending')).toMatchObject({
    ...{ status: 'True', reason: 'Infeasible', observedGeneration: 2 },
    message: "Node didn't have enough capacity: cpu, requested: 33000, capacity: 32000",
  })
  expect(mainOf('web')?.resources).toEqual(amounts('1', '64Mi'))
  change('web', containerOf('1', '64Mi'))
  await node.clock.advance(1_000)
  expect(condition('web', 'PodResizePending')).toBeUndefined()
})

test('what does not fit now is deferred, and granted once another pod has left', async () => {
  node = await simulatedNode()
  for (const name of ['web', 'other'])
    node.api.put('pods', testPod(name, { containers: [containerOf('16', '64Mi')] }))
  await node.clock.advance(1_000)
  change('web', containerOf('20', '64Mi'))
  await node.clock.advance(1_000)
  expect(condition('web', 'PodResizePending')).toMatchObject({
    reason: 'Deferred',
    message: "Node didn't have enough resource: cpu, requested: 20000, used: 16000, capacity: 32000",
  })
  node.api.remove('pods', 'default/other')
  await node.clock.advance(60_000)
  expect(mainOf('web')?.resources).toEqual(amounts('20', '64Mi'))
  expect(condition('web', 'PodResizePending')).toBeUndefined()
})

test('a resize that waits still waits after a restart of the kubelet', async () => {
  node = await simulatedNode()
  node.api.put('pods', testPod('web', { containers: [containerOf('1', '64Mi')] }))
  await node.clock.advance(1_000)
  change('web', containerOf('33', '64Mi'))
  await node.clock.advance(1_000)
  await node.stop()
  await node.start()
  await node.clock.advance(5_000)
  expect(mainOf('web')?.resources).toEqual(amounts('1', '64Mi'))
  expect(condition('web', 'PodResizePending')?.reason).toBe('Infeasible')
})

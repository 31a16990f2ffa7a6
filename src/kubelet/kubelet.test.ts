import { afterEach, expect, test } from 'bun:test'
import type { Lease } from '../api/types/coordination-v1.gen.ts'
import type { Event, Node, Pod } from '../api/types/core-v1.gen.ts'
import { leaseRenewMs } from './node/lease.ts'
import { type SimulatedNode, simulatedNode, testPod } from './testing.ts'

let node: SimulatedNode | undefined
afterEach(() => node?.stop())

const conditionsOf = (pod: Pod | undefined) =>
  Object.fromEntries((pod?.status?.conditions ?? []).map(({ type, status }) => [type, status]))

test('a node registers itself Ready and renews its lease', async () => {
  node = await simulatedNode()
  const object = node.api.object('nodes', 'n1') as Node
  expect(object.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
    'MemoryPressure=False',
    'DiskPressure=False',
    'PIDPressure=False',
    'Ready=True',
  ])
  expect(object.metadata.labels?.['kubernetes.io/hostname']).toBe('n1')
  const before = (node.api.object('leases', 'kube-node-lease/n1') as Lease).spec?.renewTime
  await node.clock.advance(10_000)
  const after = (node.api.object('leases', 'kube-node-lease/n1') as Lease).spec
  expect(after?.renewTime).not.toBe(before)
  expect(after?.leaseDurationSeconds).toBe(40)
})

test('a node that becomes ready while it starts says so at once, not a heartbeat later', async () => {
  let problem: string | undefined = 'the node has no pod CIDR yet'
  node = await simulatedNode({ notReady: () => problem })
  const { api, clock } = node
  const ready = () =>
    (api.object('nodes', 'n1') as Node).status?.conditions?.find(({ type }) => type === 'Ready')
  expect(ready()).toMatchObject({ status: 'False', message: problem })
  problem = undefined
  await clock.advance(200)
  expect(ready()).toMatchObject({ status: 'True', reason: 'KubeletReady' })
})

test('a node that somebody took for dead says with its next heartbeat that it is ready', async () => {
  node = await simulatedNode()
  const { api, clock } = node
  const present = api.object('nodes', 'n1') as Node
  const conditions = present.status!.conditions!.map(condition => ({ ...condition, status: 'Unknown' }))
  const unknown: Node = { ...present, status: { ...present.status, conditions } }
  api.put('nodes', unknown)
  await clock.advance(leaseRenewMs)
  const ready = (api.object('nodes', 'n1') as Node).status?.conditions?.find(({ type }) => type === 'Ready')
  expect(ready).toMatchObject({ status: 'True', reason: 'KubeletReady' })
})

test('a bound pod runs, becomes Ready and reports as upstream does', async () => {
  node = await simulatedNode()
  node.api.put('pods', testPod('web'))
  await node.clock.advance(1_000)
  const pod = node.pod('web')
  expect(pod?.status?.phase).toBe('Running')
  expect(pod?.status?.podIP).toBe('10.42.0.1')
  expect(pod?.status?.hostIP).toBe('192.0.2.1')
  expect(pod?.status?.qosClass).toBe('BestEffort')
  expect(conditionsOf(pod)).toEqual({
    PodReadyToStartContainers: 'True',
    Initialized: 'True',
    Ready: 'True',
    ContainersReady: 'True',
    PodScheduled: 'True',
  })
  expect(pod?.status?.containerStatuses?.[0]).toMatchObject({ ready: true, started: true, restartCount: 0 })
  const reasons = (node.api.objects('events') as Event[])
    .filter(e => e.involvedObject.kind === 'Pod')
    .map(e => e.reason)
  expect(reasons).toEqual(['Pulled', 'Created', 'Started'])
})

test('a crashing container is restarted at once, then after 10 s, 20 s, …', async () => {
  node = await simulatedNode({ exits: () => ({ afterMs: 0, exitCode: 1 }) })
  node.api.put('pods', testPod('crash'))
  const restarts = () => node?.pod('crash')?.status?.containerStatuses?.[0]?.restartCount
  await node.clock.advance(5_000)
  expect(restarts()).toBe(1)
  const waiting = node.pod('crash')?.status?.containerStatuses?.[0]
  expect(waiting?.state?.waiting).toEqual({
    reason: 'CrashLoopBackOff',
    message: 'back-off 10s restarting failed container=main pod=crash_default(uid-of-crash)',
  })
  expect(waiting?.lastState?.terminated).toMatchObject({ exitCode: 1, reason: 'Error' })
  const told = (node.api.objects('events') as Event[]).filter(({ reason }) => reason === 'BackOff')
  expect(told.map(({ message, count }) => [message, count])).toEqual([
    ['Back-off restarting failed container main in pod crash_default(uid-of-crash)', 1],
  ])
  expect(node.pod('crash')?.status?.phase).toBe('Running')
  await node.clock.advance(10_000)
  expect(restarts()).toBe(2)
  await node.clock.advance(10_000)
  expect(restarts()).toBe(2)
  await node.clock.advance(10_000)
  expect(restarts()).toBe(3)
})

test('a container that cannot be started has ended with StartError, and is started again with back-off', async () => {
  const message = 'exec: "nope": executable file not found in $PATH'
  node = await simulatedNode({ refuses: () => message })
  node.api.put('pods', testPod('again'))
  node.api.put('pods', testPod('once', { restartPolicy: 'Never' }))
  const statusOf = (name: string) => node?.pod(name)?.status?.containerStatuses?.[0]
  const terminated = { exitCode: 128, reason: 'StartError', message, startedAt: '1970-01-01T00:00:00Z' }
  await node.clock.advance(5_000)
  expect(statusOf('again')).toMatchObject({ restartCount: 1, ready: false, lastState: { terminated } })
  expect(statusOf('again')?.state?.waiting?.reason).toBe('CrashLoopBackOff')
  expect(statusOf('once')).toMatchObject({ restartCount: 0, state: { terminated } })
  expect(node.pod('once')?.status?.phase).toBe('Failed')
  const failed = (node.api.objects('events') as Event[]).find(({ reason }) => reason === 'Failed')
  expect(failed?.message).toBe(`Error: ${message}`)
  await node.clock.advance(10_000)
  expect(statusOf('again')?.restartCount).toBe(2)
})

test('a pod that is being deleted stays ready for as long as it runs', async () => {
  node = await simulatedNode({ stopDelayMs: 1_000 })
  node.api.put('pods', testPod('web', { terminationGracePeriodSeconds: 30 }))
  await node.clock.advance(1_000)
  const present = node.pod('web')!
  const metadata = {
    ...present.metadata,
    deletionTimestamp: '2026-01-01T00:00:00Z',
    deletionGracePeriodSeconds: 30,
  }
  node.api.put('pods', { ...present, metadata } as Pod)
  const seen = new Set<string>()
  for (let tries = 0; tries < 20 && node.pod('web'); tries++) {
    const status = node.pod('web')?.status?.containerStatuses?.[0]
    if (status?.state?.running) seen.add(`${status.started} ${status.ready}`)
    await node.clock.advance(100)
  }
  expect([...seen]).toEqual(['true true'])
})

test('a pod that must not restart ends Succeeded or Failed by its exit codes', async () => {
  node = await simulatedNode({
    exits: ({ pod }) => ({ afterMs: 2_000, exitCode: pod.name === 'good' ? 0 : 3 }),
  })
  for (const name of ['good', 'bad']) node.api.put('pods', testPod(name, { restartPolicy: 'Never' }))
  await node.clock.advance(10_000)
  expect(node.pod('good')?.status?.phase).toBe('Succeeded')
  expect(node.pod('bad')?.status?.phase).toBe('Failed')
  expect(node.pod('good')?.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
    exitCode: 0,
    reason: 'Completed',
  })
  expect(node.pod('good')?.status?.conditions?.find(c => c.type === 'Ready')?.reason).toBe('PodCompleted')
})

test('a pod whose affinity fits the node only now is taken, one that does not fit is refused', async () => {
  node = await simulatedNode()
  const present = node.api.object('nodes', 'n1') as Node
  node.api.put('nodes', { ...present, metadata: { ...present.metadata, labels: { disk: 'fast' } } })
  for (const disk of ['fast', 'slow']) node.api.put('pods', testPod(disk, { nodeSelector: { disk } }))
  await node.clock.advance(3_000)
  expect(node.pod('fast')?.status?.phase).toBe('Running')
  expect(node.pod('slow')?.status).toMatchObject({ phase: 'Failed', reason: 'NodeAffinity' })
})

test('a deleted pod is stopped, reported and then removed from the API by its uid', async () => {
  node = await simulatedNode({ stopDelayMs: 3_000 })
  const pod = node.api.put('pods', testPod('web')) as Pod
  await node.clock.advance(1_000)
  const present = node.pod('web')!
  node.api.put('pods', {
    ...present,
    metadata: {
      ...present.metadata,
      deletionTimestamp: '2026-01-01T00:01:00Z',
      deletionGracePeriodSeconds: 30,
    },
  } as Pod)
  await node.clock.advance(2_000)
  expect(node.pod('web')).toBeDefined()
  await node.clock.advance(5_000)
  expect(node.pod('web')).toBeUndefined()
  const removal = node.api.calls.find(call => call.verb === 'delete')
  expect(removal?.body).toMatchObject({ gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } })
  await node.clock.advance(1_000)
  expect((await node.runtime.containers.list()).sandboxes).toEqual([])
})

test('a restarted kubelet adopts what runs and restarts nothing', async () => {
  node = await simulatedNode()
  node.api.put('pods', testPod('web'))
  await node.clock.advance(1_000)
  const before = await node.runtime.containers.list()
  const status = node.pod('web')?.status
  await node.stop()
  await node.start()
  await node.clock.advance(30_000)
  expect(await node.runtime.containers.list()).toEqual(before)
  expect(node.pod('web')?.status?.containerStatuses).toEqual(status?.containerStatuses)
})

test('what runs of a pod that was deleted meanwhile is ended', async () => {
  node = await simulatedNode()
  node.api.put('pods', testPod('web'))
  await node.clock.advance(1_000)
  await node.stop()
  node.api.remove('pods', 'default/web')
  await node.start()
  await node.clock.advance(10_000)
  expect(await node.runtime.containers.list()).toEqual({ sandboxes: [], containers: [] })
})

test('a pod that does not fit is refused with the resource, what was asked and what there is', async () => {
  node = await simulatedNode()
  const resources = { requests: { cpu: '100' } }
  node.api.put('pods', testPod('big', { containers: [{ name: 'main', image: 'i', resources }] }))
  await node.clock.advance(1_000)
  expect(node.pod('big')?.status).toMatchObject({
    phase: 'Failed',
    reason: 'OutOfcpu',
    message:
      "Pod was rejected: Node didn't have enough resource: cpu, requested: 100000, used: 0, capacity: 32000",
  })
})

test('a pod whose host port is taken is refused', async () => {
  node = await simulatedNode()
  for (const name of ['first', 'second']) {
    const pod = testPod(name)
    pod.spec!.containers[0]!.ports = [{ containerPort: 80, hostPort: 8080 }]
    node.api.put('pods', pod)
  }
  await node.clock.advance(3_000)
  expect(node.pod('first')?.status?.phase).toBe('Running')
  expect(node.pod('second')?.status).toMatchObject({ phase: 'Failed', reason: 'NodePorts' })
})

test('init containers run one after the other, a sidecar beside them, the rest after them', async () => {
  node = await simulatedNode({
    exits: ({ name }) => (name.startsWith('init') ? { afterMs: 1_000, exitCode: 0 } : undefined),
  })
  const image = 'hutch.local/busybox:1'
  node.api.put(
    'pods',
    testPod('web', {
      initContainers: [
        { name: 'init-a', image },
        { name: 'side', image, restartPolicy: 'Always' },
        { name: 'init-b', image },
      ],
    }),
  )
  await node.clock.advance(500)
  expect((await node.runtime.containers.list()).containers.map(c => c.name)).toEqual(['init-a'])
  expect(node.pod('web')?.status?.conditions?.find(c => c.type === 'Initialized')?.message).toBe(
    'containers with incomplete status: [init-a side init-b]',
  )
  await node.clock.advance(1_000)
  expect((await node.runtime.containers.list()).containers.map(c => c.name)).toEqual([
    'init-a',
    'side',
    'init-b',
  ])
  await node.clock.advance(1_000)
  expect((await node.runtime.containers.list()).containers.map(c => c.name)).toEqual([
    'init-a',
    'side',
    'init-b',
    'main',
  ])
  expect(node.pod('web')?.status?.phase).toBe('Running')
})

test('a pod past its active deadline fails with DeadlineExceeded', async () => {
  node = await simulatedNode()
  node.api.put('pods', testPod('late', { activeDeadlineSeconds: 5 }))
  await node.clock.advance(20_000)
  expect(node.pod('late')?.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' })
})

test('a sandbox that is lost is made anew and its containers are started again', async () => {
  node = await simulatedNode()
  node.api.put('pods', testPod('web'))
  await node.clock.advance(1_000)
  const [sandbox] = (await node.runtime.containers.list()).sandboxes
  node.runtime.loseSandbox(sandbox!.id)
  await node.clock.advance(2_000)
  const { sandboxes, containers } = await node.runtime.containers.list()
  expect(sandboxes.find(s => s.ready)?.attempt).toBe(1)
  expect(containers.find(c => c.state === 'running')?.attempt).toBe(1)
})

test('a status that somebody else changed on the server is put right', async () => {
  node = await simulatedNode()
  node.api.put('pods', testPod('web'))
  await node.clock.advance(1_000)
  const ready = () => node?.pod('web')?.status?.conditions?.find(c => c.type === 'Ready')?.status
  expect(ready()).toBe('True')
  const present = node.pod('web')!
  const conditions = present.status!.conditions!.map(c =>
    c.type === 'Ready' ? { ...c, status: 'False' } : c,
  )
  node.api.put('pods', { ...present, status: { ...present.status, conditions } } as Pod)
  expect(ready()).toBe('False')
  await node.clock.advance(1_000)
  expect(ready()).toBe('True')
})

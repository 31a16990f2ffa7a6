import { afterEach, expect, test } from 'bun:test'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../api/types/core-v1.gen.ts'
import { createClient } from '../client/client.ts'
import { FakeTransport } from '../client/testing.ts'
import { createLabelIndexTwin } from '../kernels/label-index.ts'
import { createNodeColumnsTwin } from '../kernels/node-columns.ts'
import { simPorts } from '../std/sim-ports.ts'
import { defaultProfile } from './profiles.ts'
import { createScheduler } from './scheduler.ts'
import { testNode, testPod } from './testing.ts'

let stop = new AbortController()
afterEach(() => stop.abort())

function start(profiles = [defaultProfile()]) {
  stop = new AbortController()
  const ports = simPorts()
  const api = new FakeTransport()
  const events: string[] = []
  const scheduler = createScheduler({
    client: createClient(api),
    recorder: {
      record: (about, { reason, message }) => void events.push(`${about.name} ${reason}: ${message}`),
      dropped: () => 0,
      flushed: async () => undefined,
    },
    kernels: { columns: createNodeColumnsTwin(), labels: createLabelIndexTwin() },
    profiles,
  })
  const run = scheduler(ports, stop.signal)
  run.catch(error => events.push(String(error)))
  const settle = () => ports.clock.advance(10)
  /** Pods with the node that they were bound to, in order. The API would show it; here the test says when. */
  const bound = () =>
    api.calls
      .filter(({ subresource }) => subresource === 'binding')
      .map(({ name, body }) => `${name} ${(body as unknown as { target: { name: string } }).target.name}`)
  return { api, events, ports, settle, bound }
}

test('a pod is bound to the node that fits and said to be', async () => {
  const { api, bound, events, ports, settle } = start()
  api.put('nodes', testNode('a', { spec: { unschedulable: true } }))
  api.put('nodes', testNode('b'))
  api.put('pods', testPod('p'))
  await settle()
  expect(bound()).toEqual(['p b'])
  expect(events).toEqual(['p Scheduled: Successfully assigned default/p to b'])
  const told = ports.metrics.text()
  expect(told).toContain(
    'scheduler_schedule_attempts_total{profile="default-scheduler",result="scheduled"} 1',
  )
  expect(told).toContain('scheduler_cache_size{type="assumed_pods"} 1')
})

test('extension points, plugins and the ways through the queue are counted', async () => {
  const { api, ports, settle } = start()
  api.put('nodes', testNode('full', { spec: { unschedulable: true } }))
  api.put('pods', testPod('p'))
  await settle()
  const has = (series: string) => ports.metrics.text().includes(`\n${series} `)
  const queued = (queue: string, event: string) =>
    `scheduler_queue_incoming_pods_total{event="${event}",queue="${queue}"}`
  const waiting = 'scheduler_unschedulable_pods{plugin="NodeUnschedulable",profile="default-scheduler"}'
  const point = (name: string, status = 'Success') =>
    `scheduler_framework_extension_point_duration_seconds_count{extension_point="${name}",profile="default-scheduler",status="${status}"}`
  expect(has(queued('active', 'UnschedulablePodAdd'))).toBe(true)
  expect(has(queued('unschedulable', 'ScheduleAttemptFailure'))).toBe(true)
  expect(ports.metrics.text()).toContain(`${waiting} 1`)
  expect(has(point('PostFilter', 'Unschedulable'))).toBe(true)
  api.put('nodes', testNode('free'))
  await ports.clock.advance(15_000)
  expect(has(queued('backoff', 'NodeAdd')) || has(queued('active', 'NodeAdd'))).toBe(true)
  expect(ports.metrics.text()).toContain(`${waiting} 0`)
  for (const name of ['PreFilter', 'Filter', 'Reserve', 'Permit', 'PreBind', 'Bind', 'PostBind'])
    expect([name, has(point(name))]).toEqual([name, true])
  const evaluated =
    'scheduler_plugin_evaluation_total{extension_point="Filter",plugin="NodeResourcesFit",profile="default-scheduler"}'
  expect(has(evaluated)).toBe(true)
  const sampled =
    'scheduler_plugin_execution_duration_seconds_count{extension_point="PreFilter",plugin="NodeResourcesFit",status="Success"}'
  expect(has(sampled)).toBe(true)
})

test('a pod that fits nowhere says why, and goes when a node comes', async () => {
  const { api, bound, events, settle } = start()
  api.put('pods', testPod('p'))
  await settle()
  expect(events).toEqual(['p FailedScheduling: no nodes available to schedule pods'])
  const { status } = api.object('pods', 'default/p') as Pod
  expect(status?.conditions).toMatchObject([
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: 'no nodes available to schedule pods',
    },
  ])
  api.put('nodes', testNode('a'))
  await settle()
  expect(bound()).toEqual(['p a'])
})

test('an important pod makes a lesser one leave, waits for it by name and takes its place', async () => {
  const { api, bound, events, settle } = start()
  api.put('nodes', testNode('a', { allocatable: { cpu: '1' } }))
  api.put('pods', testPod('low', { cpu: '1' }, { nodeName: 'a', priority: 1 }))
  await settle()
  api.put('pods', testPod('high', { cpu: '1' }, { priority: 9 }))
  await settle()
  expect(api.object('pods', 'default/low')).toBeUndefined()
  expect((api.object('pods', 'default/high') as Pod).status?.nominatedNodeName).toBe('a')
  expect(events).toContain('low Preempted: Preempted by pod uid-high on node a')
  expect(bound()).toEqual(['high a'])
})

test('a claim that waits for its first consumer gets the volume of the node, then the pod is bound', async () => {
  const { api, bound, settle } = start()
  const meta = (name: string) => ({ name, namespace: 'default', uid: `uid-${name}` })
  api.put('nodes', testNode('a'))
  api.put('nodes', testNode('b'))
  api.put('storageclasses', {
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'local' } },
    ...{ provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'WaitForFirstConsumer' },
  } as never)
  const expression = { key: 'kubernetes.io/hostname', operator: 'In', values: ['b'] }
  const volume: PersistentVolume = {
    metadata: { name: 'v' },
    spec: {
      capacity: { storage: '2Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'local',
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } },
    },
    status: { phase: 'Available' },
  }
  const claim: PersistentVolumeClaim = {
    metadata: meta('c'),
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'local',
      resources: { requests: { storage: '1Gi' } },
    },
  }
  api.put('persistentvolumes', volume)
  api.put('persistentvolumeclaims', claim)
  await settle()
  api.put('pods', testPod('p', {}, { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }))
  await settle()
  const chosen = api.object('persistentvolumes', 'v') as PersistentVolume
  expect(chosen.spec?.claimRef).toMatchObject({ namespace: 'default', name: 'c', uid: 'uid-c' })
  expect((api.object('pods', 'default/p') as Pod).status?.nominatedNodeName).toBe('b')
  expect(bound()).toEqual([])
  const annotations = { 'pv.kubernetes.io/bind-completed': 'yes' }
  api.put('persistentvolumeclaims', {
    ...claim,
    metadata: { ...claim.metadata, annotations },
    spec: { ...claim.spec, volumeName: 'v' },
  } as PersistentVolumeClaim)
  await settle()
  expect(bound()).toEqual(['p b'])
})

test('each profile takes the pods that name it', async () => {
  const { api, bound, settle } = start([defaultProfile(), { ...defaultProfile(), schedulerName: 'careless' }])
  api.put('nodes', testNode('a'))
  for (const schedulerName of ['careless', 'default-scheduler', 'unknown'])
    api.put('pods', testPod(schedulerName, {}, { schedulerName }))
  await settle()
  expect(bound().sort()).toEqual(['careless a', 'default-scheduler a'])
})

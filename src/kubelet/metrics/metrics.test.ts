import { expect, test } from 'bun:test'
import type { PodSpec } from '../../api/types/core-v1.gen.ts'
import { seriesValue } from '../../std/metrics.testing.ts'
import { createMetrics, type Metrics } from '../../std/metrics.ts'
import { SimClock, simPorts } from '../../std/sim-ports.ts'
import { type SimulatedNode, simulatedNode, testConfig, testPod } from '../testing.ts'
import { createRequestMeter } from './http-requests.ts'
import { countPull } from './image-pulls.ts'
import { tellNodeState } from './node-state.ts'
import { createStartLatency } from './start-latency.ts'

const value = (metrics: Metrics, series: string) => seriesValue(metrics.text(), series)

/** Hands a new pod to the node. */
function put({ api, clock }: SimulatedNode, name: string, spec: Partial<PodSpec> = {}): void {
  const pod = testPod(name, spec)
  const creationTimestamp = new Date(clock.nowMs()).toISOString()
  api.put('pods', { ...pod, metadata: { ...pod.metadata, creationTimestamp } })
}

test('a pod that starts is counted and timed on its way', async () => {
  const node = await simulatedNode({ startDelayMs: 2_000 })
  put(node, 'web', {
    initContainers: [{ name: 'first', image: 'hutch.local/busybox:1', restartPolicy: 'Always' }],
  })
  await node.clock.advance(30_000)
  expect(node.pod('web')?.status?.phase).toBe('Running')
  const told = (series: string) => value(node.metrics, `kubelet_${series}`)
  expect(told('started_pods_total')).toBe(1)
  expect(told('started_pods_errors_total')).toBe(0)
  expect(told('started_containers_total{container_type="container"}')).toBe(1)
  expect(told('started_containers_total{container_type="init_container"}')).toBe(1)
  expect(told('run_podsandbox_duration_seconds_count{runtime_handler=""}')).toBe(1)
  expect(told('runtime_operations_total{operation_type="run_podsandbox"}')).toBe(1)
  expect(told('runtime_operations_total{operation_type="start_container"}')).toBe(2)
  expect(told('runtime_operations_duration_seconds_sum{operation_type="start_container"}')).toBeGreaterThan(2)
  expect(told('runtime_operations_errors_total{operation_type="start_container"}')).toBeUndefined()
  expect(told('containers_per_pod_count_sum')).toBe(1)
  expect(told('pod_worker_start_duration_seconds_count')).toBe(1)
  expect(told('pod_worker_duration_seconds_count{operation_type="create"}')).toBe(1)
  for (const name of ['pod_start', 'pod_start_sli', 'pod_start_total']) {
    expect(told(`${name}_duration_seconds_count`)).toBe(1)
    expect(told(`${name}_duration_seconds_sum`)).toBeGreaterThanOrEqual(4)
  }
  expect(told('pod_status_sync_duration_seconds_count')).toBeGreaterThan(0)
  expect(told('node_startup_registration_duration_seconds')).toBeGreaterThanOrEqual(0)
  expect(told('node_startup_post_registration_duration_seconds')).toBeGreaterThanOrEqual(0)
  await node.stop()
})

test('what cannot be started is counted by its reason, what ends by its kind', async () => {
  const node = await simulatedNode({ refuses: () => 'no such program' })
  put(node, 'broken')
  await node.clock.advance(1_000)
  const told = (series: string) => value(node.metrics, `kubelet_${series}`)
  const failed = 'started_containers_errors_total{code="RunContainerError",container_type="container"}'
  expect(told(failed)).toBeGreaterThan(0)
  expect(told('runtime_operations_errors_total{operation_type="start_container"}')).toBeGreaterThan(0)
  expect(told('pod_worker_duration_seconds_count{operation_type="terminated"}')).toBeUndefined()
  node.api.remove('pods', 'default/broken')
  await node.clock.advance(60_000)
  expect(told('pod_worker_duration_seconds_count{operation_type="terminated"}')).toBe(1)
  expect(told('runtime_operations_total{operation_type="remove_podsandbox"}')).toBe(1)
  await node.stop()
})

test('a pod that does not fit is counted by why', async () => {
  const node = await simulatedNode()
  const main = { name: 'main', image: 'hutch.local/busybox:1' }
  put(node, 'huge', { containers: [{ ...main, resources: { requests: { cpu: '9k' } } }] })
  put(node, 'elsewhere', { nodeSelector: { 'kubernetes.io/os': 'plan9' } })
  await node.clock.advance(1_000)
  const rejected = (reason: string) =>
    value(node.metrics, `kubelet_admission_rejections_total{reason="${reason}"}`)
  expect(rejected('OutOfcpu')).toBe(1)
  expect(rejected('PodOSSelectorNodeLabelDoesNotMatch')).toBe(1)
  await node.stop()
})

test('the state of a node is told as it is when somebody asks', async () => {
  const node = await simulatedNode()
  const { metrics, runtime } = node
  const state = async () => {
    await tellNodeState(metrics, { config: testConfig, runtime, workers: node.workers })
    return (series: string) => value(metrics, series)
  }
  put(node, 'web', { volumes: [{ name: 'v', emptyDir: {} }] })
  await node.clock.advance(5_000)
  const before = await state()
  expect(before('kubelet_node_name{node="n1"}')).toBe(1)
  expect(before('kubelet_running_pods')).toBe(1)
  expect(before('kubelet_running_containers{container_state="running"}')).toBe(1)
  expect(before('kubelet_desired_pods{static=""}')).toBe(1)
  expect(before('kubelet_active_pods{static="true"}')).toBe(0)
  expect(before('kubelet_mirror_pods')).toBe(0)
  expect(before('kubelet_working_pods{config="desired",lifecycle="sync",static=""}')).toBe(1)
  const wanted =
    'volume_manager_total_volumes{plugin_name="kubernetes.io/empty-dir",state="desired_state_of_world"}'
  expect(before(wanted)).toBe(1)
  node.api.remove('pods', 'default/web')
  await node.clock.advance(120_000)
  const after = await state()
  expect(after('kubelet_running_pods')).toBe(0)
  expect(after('kubelet_desired_pods{static=""}')).toBe(0)
  expect(after('kubelet_working_pods{config="desired",lifecycle="sync",static=""}')).toBe(0)
  expect(after(wanted)).toBeUndefined()
  await node.stop()
})

test('what runs of pods that nobody wants any more is told as orphaned', async () => {
  const node = await simulatedNode()
  put(node, 'left')
  await node.clock.advance(5_000)
  await node.stop()
  node.api.remove('pods', 'default/left')
  await node.start()
  expect(value(node.metrics, 'kubelet_orphaned_runtime_pods_total')).toBe(1)
  await node.stop()
})

test('pulls are no part of what a start takes, pods that were there before are not measured', async () => {
  const clock = new SimClock()
  const metrics = createMetrics()
  const starts = createStartLatency(metrics, clock)
  const at = (seconds: number) => clock.advance(seconds * 1000)
  const creationTimestamp = new Date(clock.nowMs()).toISOString()
  const pod = { ...testPod('web'), metadata: { ...testPod('web').metadata, creationTimestamp } }
  const uid = pod.metadata.uid ?? ''
  const running = {
    phase: 'Running',
    startTime: creationTimestamp,
    containerStatuses: [{ name: 'main', state: { running: { startedAt: creationTimestamp } } }],
  } as never
  starts.observed({ ...pod, metadata: { ...pod.metadata, uid: 'older' }, status: running })
  starts.observed(pod)
  await at(1)
  starts.pullStarted(uid)
  await at(5)
  starts.pullEnded(uid)
  await at(1)
  starts.observed({ ...pod, status: running })
  starts.observed({ ...pod, status: running })
  expect(value(metrics, 'kubelet_pod_start_sli_duration_seconds_sum')).toBe(2)
  expect(value(metrics, 'kubelet_pod_start_total_duration_seconds_sum')).toBe(7)
  expect(value(metrics, 'kubelet_pod_start_total_duration_seconds_count')).toBe(1)
})

test('requests to the API are counted by method and place, and while they last', () => {
  const { clock, metrics } = simPorts(1)
  const meter = createRequestMeter({ clock, metrics })
  meter('GET', '/metrics/cadvisor')()
  meter('BREW', '/coffee/pot')()
  const done = meter('POST', '/exec/ns/pod/c')
  const of = (family: string, long: boolean, method: string, path: string) =>
    value(
      metrics,
      `kubelet_http_${family}{long_running="${long}",method="${method}",path="${path}",server_type="readwrite"}`,
    )
  expect(of('requests_total', false, 'GET', 'metrics/cadvisor')).toBe(1)
  expect(of('requests_total', false, 'other', 'other')).toBe(1)
  expect(of('inflight_requests', true, 'POST', 'exec')).toBe(1)
  done()
  expect(of('inflight_requests', true, 'POST', 'exec')).toBe(0)
  expect(of('requests_duration_seconds_count', true, 'POST', 'exec')).toBe(1)
})

test('pulls are counted by the size of what came', () => {
  const metrics = createMetrics()
  for (const bytes of [0, 5, 20 * 2 ** 20, 200 * 2 ** 30]) countPull(metrics, bytes, 1_000)
  const count = (label: string) =>
    value(metrics, `kubelet_image_pull_duration_seconds_count{image_size_in_bytes="${label}"}`)
  expect(['N/A', '0-10MB', '10MB-100MB', 'GT100GB'].map(count)).toEqual([1, 1, 1, 1])
})

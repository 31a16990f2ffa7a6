import { describe, expect, test } from 'bun:test'
import { createRenewalMeter } from '../../src/cmd/compose/agent-certificate-metrics.ts'
import { measureProcess } from '../../src/cmd/compose/process-metrics.ts'
import { createEngineStreamMeter } from '../../src/kubelet/metrics/engine-stream.ts'
import { createRequestMeter } from '../../src/kubelet/metrics/http-requests.ts'
import { countPull } from '../../src/kubelet/metrics/image-pulls.ts'
import { tellNodeState } from '../../src/kubelet/metrics/node-state.ts'
import { createServingCertificateMeter } from '../../src/kubelet/metrics/serving-certificate.ts'
import { createVolumeMeter } from '../../src/kubelet/metrics/volume-operations.ts'
import { simulatedNode, testConfig, testPod } from '../../src/kubelet/testing.ts'
import { createProxyMeter } from '../../src/proxy/metrics/meter.ts'
import { createMetrics, type Metrics } from '../../src/std/metrics.ts'
import { metricDifferences, upstreamMetrics } from './upstream-metrics.ts'

/** What upstream's list leaves out of what its programs tell: the families of the Prometheus library. */
function unlisted(metrics: Metrics): string[] {
  const names = metrics.families().map(({ spec }) => spec.name)
  return names.filter(name => name.startsWith('process_'))
}
/** A collector of upstream's own, a gauge in its answer. */
const collected = 'volume_manager_total_volumes'

/** All that a node with a pod, and one that could not start, tells. */
async function toldByNode(): Promise<Metrics> {
  const node = await simulatedNode({ refuses: ({ pod }) => (pod.name === 'broken' ? 'no' : undefined) })
  const { metrics, runtime, workers, clock } = node
  const parts = { metrics, clock }
  measureProcess(parts)
  createEngineStreamMeter(parts)
  createServingCertificateMeter(parts)
  createRenewalMeter(parts, () => 0)
  createRequestMeter(parts)('GET', '/metrics')()
  countPull(metrics, 1, 1)
  await createVolumeMeter(parts)('emptyDir', 'volume_mount', async () => {})
  const web = testPod('web', { volumes: [{ name: 'v', emptyDir: {} }] })
  const creationTimestamp = new Date(clock.nowMs()).toISOString()
  node.api.put('pods', { ...web, metadata: { ...web.metadata, creationTimestamp } })
  node.api.put('pods', testPod('broken'))
  node.api.put('pods', testPod('elsewhere', { nodeSelector: { 'kubernetes.io/os': 'plan9' } }))
  await clock.advance(10_000)
  await tellNodeState(metrics, { config: testConfig, runtime, workers })
  await node.stop()
  return metrics
}

/** What dashboards of kubernetes-mixin ask a kubelet for, as far as it happens here. */
const asked = [
  'kubelet_admission_rejections_total',
  'kubelet_certificate_manager_client_expiration_renew_errors',
  'kubelet_certificate_manager_client_ttl_seconds',
  'kubelet_certificate_manager_server_ttl_seconds',
  'kubelet_node_name',
  'kubelet_pleg_relist_duration_seconds_bucket',
  'kubelet_pod_start_duration_seconds_bucket',
  'kubelet_pod_start_sli_duration_seconds_bucket',
  'kubelet_pod_worker_duration_seconds_bucket',
  'kubelet_pod_worker_start_duration_seconds_count',
  'kubelet_running_containers',
  'kubelet_running_pods',
  'kubelet_runtime_operations_duration_seconds_bucket',
  'kubelet_runtime_operations_errors_total',
  'kubelet_runtime_operations_total',
  'kubelet_server_expiration_renew_errors',
  'kubelet_started_containers_total',
  'kubelet_started_pods_total',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'storage_operation_duration_seconds_count',
  'volume_manager_total_volumes',
]

describe.skipIf(upstreamMetrics.missing !== undefined)(
  "the metrics of a node are those of upstream's list",
  () => {
    test('name, type, labels, buckets and stability of each of the kubelet', async () => {
      const metrics = await toldByNode()
      expect(metricDifferences(metrics, new Set([...unlisted(metrics), collected]))).toEqual([])
      const told = metrics.text()
      expect(asked.filter(name => !told.includes(`\n${name}{`) && !told.includes(`\n${name} `))).toEqual([])
    })

    test('and of the proxy', () => {
      const metrics = createMetrics()
      const clock = { nowMs: () => 2, monotonicMs: () => 2, setTimer: () => () => {} }
      const meter = createProxyMeter(metrics, clock)
      meter.beginRound(true).failed()
      meter.beginRound(false).done([])
      meter.flowsForgotten(1, 1)
      expect(metricDifferences(metrics, new Set())).toEqual([])
      expect(metrics.families().length).toBeGreaterThan(12)
    })
  },
)

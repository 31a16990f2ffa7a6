import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { ReplicaSet } from '../api/types/apps-v1.gen.ts'
import type { Job } from '../api/types/batch-v1.gen.ts'
import type { Node, Service } from '../api/types/core-v1.gen.ts'
import type { ResourceClaim } from '../api/types/resource-v1.gen.ts'
import { mergePatch } from '../client/client.ts'
import { jobs, nodes, replicaSets, resourceClaims, services } from './kinds.ts'
import { type ControllerTest, startControllerTest, toldOf } from './testing.ts'

let cluster: ControllerTest
beforeAll(async () => {
  cluster = await startControllerTest()
}, 120_000)
afterAll(() => cluster.end(), 120_000)

const value = (series: string) => toldOf(cluster, series)

const job = (name: string, spec: object = {}): Job => ({
  metadata: { namespace: 'shop', name },
  spec: {
    completions: 2,
    ttlSecondsAfterFinished: 5,
    template: {
      metadata: { labels: { job: name } },
      spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'i' }] },
    },
    ...spec,
  },
})

test('jobs are counted by their ends, their pods, their syncs, and when their time is over', async () => {
  await cluster.client.create(jobs, job('plain'))
  await cluster.client.create(jobs, job('numbered', { completionMode: 'Indexed' }))
  await cluster.settle(20, () => ({ phase: 'Succeeded' }))
  const finished = (mode: string) =>
    value(
      `job_controller_jobs_finished_total{completion_mode="${mode}",reason="CompletionsReached",result="succeeded"}`,
    )
  const pods = (mode: string) =>
    value(`job_controller_job_pods_finished_total{completion_mode="${mode}",result="succeeded"}`)
  expect([finished('NonIndexed'), finished('Indexed')]).toEqual([1, 1])
  expect([pods('NonIndexed'), pods('Indexed')]).toEqual([2, 2])
  expect(value('job_controller_job_finished_indexes_total{backoffLimit="global",status="succeeded"}')).toBe(2)
  expect(value('job_controller_job_pods_creation_total{reason="new",status="succeeded"}')).toBe(4)
  const created = '{action="pods_created",completion_mode="NonIndexed",result="success"}'
  expect(value(`job_controller_job_syncs_total${created}`)).toBeGreaterThan(0)
  expect(value(`job_controller_job_sync_duration_seconds_count${created}`)).toBeGreaterThan(0)
  expect(value('ttl_after_finished_controller_job_deletion_duration_seconds_count')).toBe(2)
  expect(value('job_controller_terminated_pods_tracking_finalizer_total{event="add"}')).toBe(4)
  expect(value('job_controller_terminated_pods_tracking_finalizer_total{event="delete"}')).toBe(4)
})

test('jobs of other controllers, pods that are chosen to go, and claims are counted', async () => {
  await cluster.client.create(jobs, job('foreign', { managedBy: 'example.com/runner' }))
  const labels = { app: 'many' }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'i' }] } }
  const spec = { replicas: 2, selector: { matchLabels: labels }, template }
  await cluster.client.create(replicaSets, {
    metadata: { namespace: 'shop', name: 'many' },
    spec,
  } as ReplicaSet)
  await cluster.client.create(resourceClaims, {
    metadata: { namespace: 'shop', name: 'c' },
    spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'd' } }] } },
  } as ResourceClaim)
  await cluster.settle(5)
  await cluster.client.patch(replicaSets, 'shop', 'many', {
    type: mergePatch,
    body: { spec: { replicas: 1 } },
  })
  await cluster.settle(2)
  expect(
    value('job_controller_jobs_by_external_controller_total{controller_name="example.com/runner"}'),
  ).toBe(1)
  expect(value('replicaset_controller_sorting_deletion_age_ratio_count')).toBe(1)
  const waiting = '{admin_access="false",allocated="false",source=""}'
  expect(value(`resourceclaim_controller_resource_claims${waiting}`)).toBe(1)
})

test('endpoint slices are counted as they are written, and told as they are', async () => {
  const spec = { ports: [{ port: 80 }], selector: { app: 'none' }, trafficDistribution: 'PreferClose' }
  const before = value('endpoint_slice_controller_num_endpoint_slices') || 0
  await cluster.client.create(services, { metadata: { namespace: 'shop', name: 's' }, spec } as Service)
  await cluster.settle(3)
  expect(value('endpoint_slice_controller_num_endpoint_slices')).toBe(before + 1)
  expect(value('endpoint_slice_controller_changes{operation="create"}')).toBeGreaterThan(0)
  expect(value('endpoint_slice_controller_syncs{result="success"}')).toBeGreaterThan(0)
  const preferring =
    'endpoint_slice_controller_services_count_by_traffic_distribution{traffic_distribution="PreferClose"}'
  expect(value(preferring)).toBe(1)
  await cluster.client.delete(services, 'shop', 's')
  await cluster.settle(3)
  expect(value('endpoint_slice_controller_num_endpoint_slices')).toBe(before)
  expect(value(preferring)).toBe(0)
})

test('zones tell how many nodes they have and how healthy they are', async () => {
  const labels = { 'topology.kubernetes.io/region': 'r', 'topology.kubernetes.io/zone': 'z' }
  const node = (name: string, status: string): Node => ({
    metadata: { name, labels },
    status: { conditions: [{ type: 'Ready', status }] },
  })
  for (const each of [node('up', 'True'), node('down', 'False')]) await cluster.client.create(nodes, each)
  await cluster.settle(2)
  const zone = '{zone="r:\0:z"}'
  expect(value(`node_collector_zone_size${zone}`)).toBe(2)
  expect(value(`node_collector_unhealthy_nodes_in_zone${zone}`)).toBe(1)
  expect(value(`node_collector_zone_health${zone}`)).toBe(50)
})

test('each controller that runs is told, and the CA that namespaces were given', async () => {
  expect(value('running_managed_controllers{manager="kube-controller-manager",name="deployment"}')).toBe(1)
  expect(value('root_ca_cert_publisher_sync_total{code="200"}')).toBeGreaterThan(0)
})

import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { HorizontalPodAutoscaler } from '../api/types/autoscaling-v2.gen.ts'
import type {
  Endpoints,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Service,
} from '../api/types/core-v1.gen.ts'
import type { StorageClass } from '../api/types/storage-v1.gen.ts'
import { mergePatch } from '../client/client.ts'
import {
  endpoints,
  horizontalPodAutoscalers,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  services,
  storageClasses,
} from './kinds.ts'
import { type ControllerTest, startControllerTest, toldOf } from './testing.ts'

let cluster: ControllerTest
beforeAll(async () => {
  cluster = await startControllerTest()
}, 120_000)
afterAll(() => cluster.end(), 120_000)

const value = (series: string) => toldOf(cluster, series)

test('mirrored endpoints are counted as they come, change and go', async () => {
  const told = (name: string) => value(`endpoint_slice_mirroring_controller_${name}`)
  const ports = [{ name: 'sql', port: 5432 }]
  await cluster.client.create(services, {
    metadata: { namespace: 'shop', name: 'db' },
    spec: { clusterIP: 'None', ports: [{ port: 5432 }] },
  } as Service)
  await cluster.client.create(endpoints, {
    metadata: { namespace: 'shop', name: 'db' },
    subsets: [{ addresses: [{ ip: '192.0.2.1' }, { ip: '192.0.2.2' }, { ip: '2001:db8::1' }], ports }],
  } as Endpoints)
  await cluster.settle(3)
  expect([told('endpoints_desired'), told('num_endpoint_slices')]).toEqual([3, 2])
  expect(told('desired_endpoint_slices')).toBe(2)
  expect(told('changes{operation="create"}')).toBe(2)
  expect(told('endpoints_added_per_sync_sum')).toBe(3)
  expect(told('endpoints_sync_duration_count')).toBeGreaterThan(0)
  const subsets = [{ addresses: [{ ip: '192.0.2.1' }], notReadyAddresses: [{ ip: '192.0.2.2' }], ports }]
  await cluster.client.patch(endpoints, 'shop', 'db', { type: mergePatch, body: { subsets } })
  await cluster.settle(3)
  expect([told('endpoints_desired'), told('num_endpoint_slices')]).toEqual([2, 1])
  expect(told('endpoints_removed_per_sync_sum')).toBe(1)
  expect(told('endpoints_updated_per_sync_sum')).toBe(1)
  expect(told('changes{operation="delete"}')).toBe(1)
  await cluster.client.delete(endpoints, 'shop', 'db')
  await cluster.settle(3)
  expect([told('endpoints_desired'), told('num_endpoint_slices')]).toEqual([0, 0])
})

test('ranges of pod addresses are counted as nodes take and leave them', async () => {
  const told = (name: string) => value(`node_ipam_controller_${name}{clusterCIDR="10.42.0.0/16"}`)
  expect(told('cirdset_max_cidrs')).toBe(256)
  for (const name of ['one', 'two']) await cluster.client.create(nodes, { metadata: { name } } as Node)
  await cluster.settle(3)
  expect(told('cidrset_cidrs_allocations_total')).toBe(2)
  expect(told('cidrset_usage_cidrs')).toBe(2 / 256)
  expect(told('cidrset_allocation_tries_per_request_count')).toBe(2)
  expect(value('node_collector_update_node_health_duration_seconds_count')).toBeGreaterThan(0)
  await cluster.client.delete(nodes, undefined, 'one')
  await cluster.settle(3)
  expect(told('cidrset_cidrs_releases_total')).toBe(1)
  expect(told('cidrset_usage_cidrs')).toBe(1 / 256)
})

test('volumes and claims are told by class and by whether they have found each other', async () => {
  const told = (name: string, labels: string) => value(`pv_collector_${name}{${labels}}`)
  expect(value('retroactive_storageclass_total')).toBe(0)
  const volume = (name: string, storageClassName: string): PersistentVolume => ({
    metadata: { name },
    spec: {
      ...{ storageClassName, capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] },
      hostPath: { path: `/tmp/${name}` },
    },
  })
  const claim = (name: string, storageClassName: string | undefined): PersistentVolumeClaim => ({
    metadata: { namespace: 'shop', name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      ...(storageClassName !== undefined && { storageClassName }),
    },
  })
  await cluster.client.create(persistentVolumes, volume('wanted', 'slow'))
  await cluster.client.create(persistentVolumes, volume('spare', 'fast'))
  await cluster.client.create(persistentVolumeClaims, claim('data', 'slow'))
  await cluster.client.create(persistentVolumeClaims, claim('open', undefined))
  await cluster.settle(5)
  expect(told('total_pv_count', 'plugin_name="kubernetes.io/host-path",volume_mode="Filesystem"')).toBe(2)
  expect(told('bound_pv_count', 'storage_class="slow"')).toBe(1)
  expect(told('unbound_pv_count', 'storage_class="fast"')).toBe(1)
  const of = (storageClass: string) =>
    `namespace="shop",storage_class="${storageClass}",volume_attributes_class=""`
  expect(told('bound_pvc_count', of('slow'))).toBe(1)
  expect(told('unbound_pvc_count', of(''))).toBe(1)
  await cluster.client.create(storageClasses, {
    metadata: { name: 'usual', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'example.com/disks',
  } as StorageClass)
  await cluster.settle(5)
  expect(value('retroactive_storageclass_total')).toBe(1)
  expect(told('unbound_pvc_count', of('usual'))).toBe(1)
  expect(told('unbound_pvc_count', of(''))).toBe(0)
})

test('autoscalers are told by how many they are and what they want', async () => {
  const told = (name: string) => value(`horizontal_pod_autoscaler_controller_${name}`)
  expect(told('num_horizontal_pod_autoscalers')).toBe(0)
  const spec = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 3 }
  const made = await cluster.client.create(horizontalPodAutoscalers, {
    metadata: { namespace: 'shop', name: 'web' },
    spec,
  } as HorizontalPodAutoscaler)
  const status = { desiredReplicas: 2, currentReplicas: 1 }
  await cluster.client.updateStatus(horizontalPodAutoscalers, { ...made, status } as HorizontalPodAutoscaler)
  await cluster.settle(1)
  expect(told('num_horizontal_pod_autoscalers')).toBe(1)
  expect(told('desired_replicas{hpa_name="web",namespace="shop"}')).toBe(2)
  await cluster.client.delete(horizontalPodAutoscalers, 'shop', 'web')
  await cluster.settle(1)
  expect(told('num_horizontal_pod_autoscalers')).toBe(0)
  expect(told('desired_replicas{hpa_name="web",namespace="shop"}')).toBeNaN()
})

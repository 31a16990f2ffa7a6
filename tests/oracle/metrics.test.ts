import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createFeatures } from '../../src/api/features/features.ts'
import type { ResourceRef } from '../../src/client/resource.ts'
import { tellFeatures } from '../../src/cmd/compose/features.ts'
import { measureProcess } from '../../src/cmd/compose/process-metrics.ts'
import { cronJobs, jobs, services } from '../../src/controllers/kinds.ts'
import type { KubeObject } from '../../src/machinery/meta/object.ts'
import { createSimCluster, type SimCluster } from '../../src/sim/cluster.ts'
import { createApp, createAppService, createNamespaces, plannedWorkload } from '../../src/sim/workload.ts'
import { askedByDashboards, toldWhenItHappens } from './dashboards.ts'
import { metricDifferences, upstreamMetrics } from './upstream-metrics.ts'

/** What upstream's list leaves out or has otherwise than its servers. */
const unlisted: Readonly<Record<string, string>> = {
  horizontal_pod_autoscaler_controller_desired_replicas:
    'of podautoscaler/monitor, which the list leaves out',
  horizontal_pod_autoscaler_controller_num_horizontal_pod_autoscalers:
    'of podautoscaler/monitor, which the list leaves out',
  process_cpu_seconds_total: 'of the Prometheus library',
  process_resident_memory_bytes: 'of the Prometheus library',
  process_start_time_seconds: 'of the Prometheus library',
}
/** Families that are not held against the list as they are. */
const excused: Readonly<Record<string, string>> = {
  aggregator_unavailable_apiservice: 'a collector of upstream’s own, a gauge in its answer',
  resourceclaim_controller_resource_claims: 'a collector of upstream’s own, with a label that the list lacks',
  apiserver_flowcontrol_demand_seats: 'a timing ratio, a histogram in its answer',
}

const unasked = new Set([...Object.keys(unlisted), ...Object.keys(excused)])

describe.skipIf(upstreamMetrics.missing !== undefined)(
  "the metrics of a cluster are those of upstream's list",
  () => {
    let cluster: SimCluster
    beforeAll(async () => {
      cluster = await createSimCluster({ seed: 1, nodes: 2 })
      const { admin, ports } = cluster
      tellFeatures(ports.metrics, createFeatures())
      await createNamespaces(admin)
      for (const part of [cluster.controllers, cluster.scheduler, ...cluster.nodes]) part.start()
      await ports.clock.advance(10_000)
      const apps = plannedWorkload(2, 2)
      for (const app of apps) await createApp(admin, app)
      for (const app of apps) await createAppService(admin, app)
      const make = <T extends KubeObject>(resource: ResourceRef<T>, name: string, spec: object) =>
        admin.create(resource, { metadata: { namespace: 'blue', name }, spec } as unknown as T)
      const template = {
        spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'hutch.local/app:1' }] },
      }
      await make(jobs, 'once', { template, activeDeadlineSeconds: 30, ttlSecondsAfterFinished: 10 })
      await make(cronJobs, 'often', { schedule: '* * * * *', jobTemplate: { spec: { template } } })
      await make(services, 'open', { type: 'NodePort', ports: [{ port: 80 }] })
      await ports.clock.advance(180_000)
    }, 300_000)
    afterAll(() => cluster?.stop(), 60_000)

    test('name, type, labels, buckets and stability of each', () => {
      expect(metricDifferences(cluster.ports.metrics, unasked)).toEqual([])
    })

    test('dashboards of kubernetes-mixin find each family with the labels that they select by', () => {
      const { metrics } = cluster.ports
      measureProcess(cluster.ports)
      const families = new Map(metrics.families().map(({ spec }) => [spec.name, spec.labels ?? []]))
      const lacking = Object.entries(askedByDashboards).flatMap(([name, labels]) => {
        const own = families.get(name)
        if (!own) return toldWhenItHappens.has(name) ? [] : [name]
        return labels.filter(label => !own.includes(label)).map(label => `${name} by ${label}`)
      })
      expect(lacking).toEqual([])
    })

    test('usual dashboards find what they ask for', () => {
      const told = cluster.ports.metrics.text()
      const wanted = [
        'apiserver_request_filter_duration_seconds_bucket',
        'cronjob_controller_job_creation_skew_duration_seconds_count',
        'endpoint_slice_controller_changes',
        'endpoint_slice_controller_num_endpoint_slices',
        'job_controller_job_sync_duration_seconds_count',
        'job_controller_jobs_finished_total',
        'job_controller_job_pods_creation_total',
        'kube_apiserver_clusterip_allocator_allocated_ips',
        'kube_apiserver_nodeport_allocator_allocation_total',
        'kubernetes_feature_enabled',
        'node_collector_zone_health',
        'root_ca_cert_publisher_sync_total',
        'running_managed_controllers',
        'scheduler_framework_extension_point_duration_seconds_bucket',
        'scheduler_plugin_evaluation_total',
        'scheduler_plugin_execution_duration_seconds_bucket',
        'scheduler_queue_incoming_pods_total',
        'ttl_after_finished_controller_job_deletion_duration_seconds_count',
        'workqueue_depth',
      ]
      expect(wanted.filter(name => !told.includes(`\n${name}{`) && !told.includes(`\n${name} `))).toEqual([])
    })
  },
)

import { describe, expect, test } from 'bun:test'
import type { VerticalPodAutoscaler } from '../../api/autoscaling/vertical/types.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { memorySource } from '../lister.ts'
import { run } from './testing.ts'
// Answered by upstream's admission server (its release 1.8.1).
import cases from './vertical-autoscaler.cases.json' with { type: 'json' }
import { type AutoscalerSources, verticalAutoscaler } from './vertical-autoscaler.ts'

const none = memorySource<KubeObject>()
const deployment = {
  metadata: { name: 'web', namespace: 'shop' },
  spec: { selector: { matchLabels: { app: 'web' } } },
} as KubeObject
const replicaSet: KubeObject = {
  metadata: {
    ...{ name: 'web-1', namespace: 'shop' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'd', controller: true }],
  },
}
const sources = (...autoscalers: readonly VerticalPodAutoscaler[]): AutoscalerSources => ({
  autoscalers: memorySource(autoscalers),
  limitRanges: memorySource(),
  makers: {
    ...{ CronJob: none, DaemonSet: none, Job: none, ReplicationController: none, StatefulSet: none },
    Deployment: memorySource([deployment]),
    ReplicaSet: memorySource([replicaSet]),
  },
  scaleOf: async (_, namespace, name) => ({
    metadata: { namespace, name },
    status: { selector: 'app=web' },
  }),
})

describe('an autoscaler', () => {
  test.each(cases.map(each => [each.name, each] as const))('%s', async (_, { spec, old, want }) => {
    const object = (of: object) => ({ metadata: { name: 'a', namespace: 'shop' }, spec: of })
    const {
      refused,
      warnings,
      object: stored,
    } = await run(verticalAutoscaler(sources()), {
      what: 'autoscaling.k8s.io/verticalpodautoscalers',
      operation: old ? 'UPDATE' : 'CREATE',
      object: object(spec),
      ...(old && { oldObject: object(old) }),
    })
    const named = refused?.replace('.autoscaling.k8s.io', 'VerticalPodAutoscaler.autoscaling.k8s.io')
    expect({ refused: named, warnings }).toEqual({ refused: want.refused, warnings: want.warnings })
    if (want.refused) return
    const { updatePolicy } = (stored as unknown as VerticalPodAutoscaler).spec
    const given = (spec as VerticalPodAutoscaler['spec']).updatePolicy
    expect(updatePolicy).toEqual(want.patch ? { updateMode: 'Recreate' } : given!)
  })
})

describe('a pod', () => {
  const autoscaler = (name: string, createdAt: string, cpu: string, more: object = {}) =>
    ({
      metadata: { name, namespace: 'shop', creationTimestamp: createdAt },
      spec: { targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, ...more },
      status: { recommendation: { containerRecommendations: [{ containerName: 'app', target: { cpu } }] } },
    }) as VerticalPodAutoscaler
  const podOf = (kind: string, labels: Record<string, string> = { app: 'web' }) => ({
    metadata: {
      ...{ generateName: 'web-1-', labels },
      ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'web-1', uid: 'r', controller: true }],
    },
    spec: { containers: [{ name: 'app', image: 'x' }] },
  })
  const admitted = async (object: object, ...autoscalers: readonly VerticalPodAutoscaler[]) => {
    const plugin = verticalAutoscaler(sources(...autoscalers))
    const { object: pod } = await run(plugin, { what: 'pods', namespace: 'shop', object })
    const { metadata, spec } = pod as unknown as ReturnType<typeof podOf> & {
      readonly metadata: { readonly annotations?: Record<string, string> }
    }
    return { annotations: metadata.annotations, container: spec.containers[0] as object }
  }
  const old = autoscaler('old', '2026-01-01T00:00:00Z', '2')
  const young = autoscaler('young', '2026-01-02T00:00:00Z', '1')

  test('asks for what the older of two autoscalers of its Deployment says', async () => {
    const { annotations, container } = await admitted(podOf('ReplicaSet'), young, old)
    expect(container).toMatchObject({ resources: { requests: { cpu: '2' } } })
    expect(annotations).toEqual({
      vpaUpdates: 'Pod resources updated by old: container 0: cpu request',
      vpaObservedContainers: 'app',
    })
  })

  test('is left alone where its labels are others, its maker is not meant, or the mode is Off', async () => {
    const alone = { annotations: undefined, container: { name: 'app', image: 'x' } }
    expect(await admitted(podOf('ReplicaSet', { app: 'other' }), old)).toEqual(alone)
    expect(await admitted(podOf('Node'), old)).toEqual(alone)
    const off = autoscaler('off', '2026-01-01T00:00:00Z', '2', { updatePolicy: { updateMode: 'Off' } })
    expect(await admitted(podOf('ReplicaSet'), off)).toEqual(alone)
    expect(await admitted({ metadata: { name: 'p' }, spec: podOf('').spec }, old)).toEqual(alone)
  })

  test('without a recommendation is only marked as seen', async () => {
    const { status: _, ...silent } = old
    const { annotations } = await admitted(podOf('ReplicaSet'), silent)
    expect(annotations?.vpaObservedContainers).toBe('app')
  })
})

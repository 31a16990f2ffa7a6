import { describe, expect, test } from 'bun:test'
import { horizontalPodAutoscalersV1 } from './autoscaling/horizontal-pod-autoscaler-v1.ts'
import { eventsV1 } from './events/event.ts'

describe('an autoscaler of the first version', () => {
  const { toStorage, fromStorage } = horizontalPodAutoscalersV1.conversion!
  const reference = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }

  test('keeps its CPU target as a metric of the second', () => {
    const spec = { maxReplicas: 5, scaleTargetRef: reference, targetCPUUtilizationPercentage: 70 }
    const stored = toStorage({ metadata: { name: 'a' }, spec } as never) as never as {
      spec: { metrics: unknown }
    }
    const target = { type: 'Utilization', averageUtilization: 70 }
    expect(stored.spec.metrics).toEqual([{ type: 'Resource', resource: { name: 'cpu', target } }])
    expect(fromStorage(stored as never)).toMatchObject({ apiVersion: 'autoscaling/v1', spec })
  })

  test('carries what it has no field for in annotations, and back', () => {
    const target = { type: 'AverageValue', averageValue: '10' }
    const stored = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'a' },
      spec: {
        maxReplicas: 5,
        scaleTargetRef: reference,
        metrics: [{ type: 'Pods', pods: { metric: { name: 'queue' }, target } }],
        behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
      },
      status: {
        currentReplicas: 1,
        desiredReplicas: 2,
        conditions: [{ type: 'AbleToScale', status: 'True' }],
      },
    }
    const old = fromStorage(stored as never)
    expect(old.metadata.annotations).toEqual({
      'autoscaling.alpha.kubernetes.io/metrics':
        '[{"type":"Pods","pods":{"metricName":"queue","targetAverageValue":"10"}}]',
      'autoscaling.alpha.kubernetes.io/conditions':
        '[{"type":"AbleToScale","status":"True","lastTransitionTime":null}]',
      'autoscaling.alpha.kubernetes.io/behavior':
        '{"ScaleUp":null,"ScaleDown":{"StabilizationWindowSeconds":60,"SelectPolicy":null,"Policies":null,"Tolerance":null}}',
    })
    // With the defaults that the stored form has.
    expect(toStorage(old)).toMatchObject(stored as never)
  })

  test('writes metrics in the order of its types, with what they cannot leave out', () => {
    const selector = { matchLabels: { a: 'b' } }
    const target = { type: 'AverageValue', averageValue: '10' }
    const percent = { type: 'Utilization', averageUtilization: 5 }
    const metrics = [
      { type: 'Pods', pods: { metric: { name: 'm', selector }, target } },
      {
        type: 'Object',
        object: { describedObject: { kind: 'S', name: 's' }, metric: { name: 'm' }, target },
      },
      {
        type: 'ContainerResource',
        containerResource: { name: 'cpu', container: 'c', target: percent },
      },
    ]
    const spec = { maxReplicas: 5, scaleTargetRef: reference, metrics }
    const old = fromStorage({ metadata: { name: 'a' }, spec } as never)
    expect(old.metadata.annotations?.['autoscaling.alpha.kubernetes.io/metrics']).toBe(
      '[{"type":"Pods","pods":{"metricName":"m","targetAverageValue":"10","selector":{"matchLabels":{"a":"b"}}}},' +
        '{"type":"Object","object":{"target":{"kind":"S","name":"s"},"metricName":"m","targetValue":"0","averageValue":"10"}},' +
        '{"type":"ContainerResource","containerResource":{"name":"cpu","targetAverageUtilization":5,"container":"c"}}]',
    )
    expect(toStorage(old)).toMatchObject({ spec: { metrics } })
  })

  test.each(['x', '{}', '5', 'null', '[5]'])('takes metrics that read %s for none', text => {
    const annotations = { 'autoscaling.alpha.kubernetes.io/metrics': text }
    const spec = { maxReplicas: 5, scaleTargetRef: reference }
    expect(toStorage({ metadata: { name: 'a', annotations }, spec } as never)).toMatchObject({ spec })
  })
})

test('an event of events.k8s.io is stored as a core event and comes back the same', () => {
  const { toStorage, fromStorage } = eventsV1.conversion!
  const event = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'a', namespace: 'n' },
    regarding: { kind: 'Pod', name: 'p' },
    note: 'hello',
    reportingController: 'example.com/c',
    deprecatedCount: 2,
  }
  const stored = toStorage(event as never)
  expect(stored).toEqual({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'a', namespace: 'n' },
    involvedObject: { kind: 'Pod', name: 'p' },
    message: 'hello',
    reportingComponent: 'example.com/c',
    count: 2,
  } as never)
  expect(fromStorage(stored)).toEqual(event as never)
  expect(eventsV1.storage).toEqual({
    group: '',
    plural: 'events',
    version: 'v1',
    volatile: true,
    uncached: true,
  })
})

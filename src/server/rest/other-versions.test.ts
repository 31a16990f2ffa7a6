import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { startTestServer, type TestServer } from '../testing.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.shutdown())

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }
const cpu = (averageUtilization: number) => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
})

/** What a stock server answers to the same was asked. */
function apply(fieldManager: string, version: 'v1' | 'v2', spec: JsonObject, force = false) {
  return server.admin.call({
    verb: 'patch',
    group: 'autoscaling',
    version,
    resource: 'horizontalpodautoscalers',
    namespace: 'default',
    name: 'h',
    patchType: 'application/apply-patch+yaml',
    options: { fieldManager, force },
    body: {
      apiVersion: `autoscaling/${version}`,
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'h' },
      spec,
    },
  })
}

const managers = ({ metadata }: Awaited<ReturnType<typeof apply>>) =>
  (metadata.managedFields ?? []).map(({ manager, apiVersion }) => `${manager} ${apiVersion}`)

test('who applied in an older version holds the fields as that version tells them', async () => {
  await apply('old', 'v1', { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 50 })
  await expect(apply('new', 'v2', { metrics: [cpu(60)] })).rejects.toThrow(
    'Apply failed with 1 conflict: conflict with "old": .spec.targetCPUUtilizationPercentage',
  )
  const shared = await apply('new', 'v2', { metrics: [cpu(50)] })
  expect(managers(shared).toSorted()).toEqual(['new autoscaling/v2', 'old autoscaling/v1'])
  const kept = await apply('new', 'v2', { behavior: { scaleDown: { stabilizationWindowSeconds: 5 } } })
  expect(kept).toMatchObject({ spec: { metrics: [cpu(50)] } })
})

test('force takes a field from who holds it in another version', async () => {
  const taken = await apply('new', 'v2', { metrics: [cpu(70)] }, true)
  expect(taken).toMatchObject({ spec: { metrics: [cpu(70)], maxReplicas: 3 } })
  await expect(
    apply('old', 'v1', { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 50 }),
  ).rejects.toThrow('conflict with "new": .spec.metrics')
})

test('who goes on in a newer version keeps what the way there always gives', async () => {
  const ask = (version: 'v1' | 'v2', spec: JsonObject) => apply('mover', version, spec, true)
  await ask('v1', { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 55 })
  const moved = await ask('v2', { scaleTargetRef, maxReplicas: 3 })
  expect(moved).toMatchObject({ spec: { metrics: [cpu(55)] } })
})

test('metadata that an older version let go entirely leaves an object that still converts', async () => {
  const annotate = (version: 'v1' | 'v2', value: string) =>
    server.admin.call({
      verb: 'patch',
      group: 'autoscaling',
      version,
      resource: 'horizontalpodautoscalers',
      namespace: 'default',
      name: 'h',
      patchType: 'application/apply-patch+yaml',
      options: { fieldManager: 'annotator' },
      body: {
        apiVersion: `autoscaling/${version}`,
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'h', annotations: { note: value } },
      },
    })
  await annotate('v1', 'a')
  const annotated = await annotate('v2', 'b')
  expect(annotated.metadata).toMatchObject({ name: 'h', annotations: { note: 'b' } })
  expect(managers(annotated)).toContain('annotator autoscaling/v2')
  expect(managers(annotated)).not.toContain('annotator autoscaling/v1')
})

test('who wrote an Event through one group is forgotten by a write through the other', async () => {
  const event = { resource: 'events', namespace: 'default', name: 'e' }
  const body = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    source: { component: 'c' },
  }
  const core = { group: '', version: 'v1', ...event }
  await server.admin.call({ verb: 'create', ...core, options: { fieldManager: 'core' }, body })
  const patched = await server.admin.call({
    verb: 'patch',
    group: 'events.k8s.io',
    version: 'v1',
    ...event,
    patchType: 'application/merge-patch+json',
    options: { fieldManager: 'events' },
    body: { metadata: { labels: { a: 'b' } } },
  })
  expect(managers(patched)).toEqual(['events events.k8s.io/v1'])
})

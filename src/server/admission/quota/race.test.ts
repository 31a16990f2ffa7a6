import { expect, test } from 'bun:test'
import { resourceQuotas } from '../../../api/core/resource-quota.ts'
import type { Transport } from '../../../client/transport.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { StatusError } from '../../../machinery/status/status.ts'
import { simPorts } from '../../../std/sim-ports.ts'
import { createCacheSources } from '../../cache-sources.ts'
import { startTestServer } from '../../testing.ts'
import { resourceQuota } from './plugin.ts'

const writers = 64

async function start(hard: Record<string, string>) {
  const ports = simPorts()
  const sources = createCacheSources()
  const plugin = resourceQuota({
    resourceQuotas: sources.of(resourceQuotas),
    objectsOf: sources.of,
    clock: ports.clock,
  })
  const server = await startTestServer({ ports, admission: [plugin] })
  sources.bind(server.cache, new AbortController().signal)
  const body = { metadata: { name: 'q' }, spec: { hard } } as KubeObject
  await server.admin.call({ ...place('resourcequotas'), verb: 'create', body })
  return server
}

const place = (resource: string) => ({ group: '', version: 'v1', resource, namespace: 'default' })

/** How many of the writes were let through; the others are refused by the quota. */
async function race(writes: readonly Promise<unknown>[]): Promise<number> {
  const outcomes = await Promise.allSettled(writes)
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue
    expect(outcome.reason).toBeInstanceOf(StatusError)
    expect((outcome.reason as StatusError).message).toContain('exceeded quota: q')
  }
  return outcomes.filter(({ status }) => status === 'fulfilled').length
}

function service(name: string, type: string): KubeObject {
  return { metadata: { name }, spec: { type, ports: [{ port: 80 }] } } as KubeObject
}

function change(admin: Transport, name: string): Promise<KubeObject> {
  const body = { spec: { type: 'NodePort' } }
  const patchType = 'application/merge-patch+json' as const
  return admin.call({ ...place('services'), verb: 'patch', name, body, patchType })
}

test('64 writers at once never create more than a quota allows', async () => {
  const server = await start({ 'count/configmaps': '10' })
  const names = Array.from({ length: writers }, (_, index) => `m-${index}`)
  const writes = names.map(name =>
    server.admin.call({ ...place('configmaps'), verb: 'create', body: { metadata: { name } } as KubeObject }),
  )
  expect(await race(writes)).toBe(10)
  const list = (await server.admin.call({ ...place('configmaps'), verb: 'list' })) as { items?: unknown[] }
  expect(list.items).toHaveLength(10)
  await server.shutdown()
})

test('64 writers at once never change more into what a quota counts', async () => {
  const server = await start({ 'services.nodeports': '7' })
  const names = Array.from({ length: writers }, (_, index) => `s-${index}`)
  for (const name of names)
    await server.admin.call({ ...place('services'), verb: 'create', body: service(name, 'ClusterIP') })
  expect(await race(names.map(name => change(server.admin, name)))).toBe(7)
  await server.shutdown()
})

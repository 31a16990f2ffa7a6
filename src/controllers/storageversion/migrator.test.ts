import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { CustomResourceDefinition } from '../../api/types/apiextensions-v1.gen.ts'
import type { ConfigMap } from '../../api/types/core-v1.gen.ts'
import type { StorageVersionMigration } from '../../api/types/storagemigration-v1beta1.gen.ts'
import type { ResourceRef } from '../../client/resource.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { configMaps, customResourceDefinitions, storageVersionMigrations } from '../kinds.ts'
import { type ControllerTest, startControllerTest } from '../testing.ts'

let cluster: ControllerTest
beforeEach(async () => {
  cluster = await startControllerTest(['StorageVersionMigrator'])
}, 120_000)
afterEach(() => cluster.end(), 120_000)

const ask = (group: string, resource: string) =>
  cluster.client.create(storageVersionMigrations, {
    metadata: { name: 'm' },
    spec: { resource: { group, resource } },
  } as StorageVersionMigration)

async function conditions(): Promise<string[]> {
  const { status } = await cluster.client.get(storageVersionMigrations, undefined, 'm')
  return (status?.conditions ?? []).map(({ type, status, reason, message }) =>
    [type, status, reason, message].join(' ').trim(),
  )
}

const done = [
  'Running False StorageVersionMigrationInProgress',
  'Succeeded True StorageVersionMigrationSucceeded',
]

const widgets: ResourceRef<KubeObject> = {
  group: 'example.com',
  version: 'v2',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
}

function definition(stored: 'v1' | 'v2'): CustomResourceDefinition {
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' }
  const schema = {
    openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  }
  const versions = ['v1', 'v2'].map(name => ({ name, served: true, storage: name === stored, schema }))
  return {
    metadata: { name: 'widgets.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names, versions },
  } as CustomResourceDefinition
}

const storedVersion = async (name: string) => {
  const entry = await cluster.server.store.get(`/registry/example.com/widgets/shop/${name}`)
  return JSON.parse(Buffer.from(entry!.value).toString()).apiVersion as string
}

test('objects of a custom kind are stored in the version of today, and only those that were not', async () => {
  const { client, advance } = cluster
  await client.create(customResourceDefinitions, definition('v1'))
  await advance(2_000)
  const make = (name: string) =>
    client.create(widgets, { metadata: { namespace: 'shop', name }, spec: { size: 1 } } as KubeObject)
  const [old] = [await make('old')]
  const current = await client.get(customResourceDefinitions, undefined, 'widgets.example.com')
  await client.update(customResourceDefinitions, { ...current, spec: definition('v2').spec })
  await advance(2_000)
  const fresh = await make('fresh')
  expect([await storedVersion('old'), await storedVersion('fresh')]).toEqual([
    'example.com/v1',
    'example.com/v2',
  ])
  await ask('example.com', 'widgets')
  await advance(5_000)
  expect(await conditions()).toEqual(done)
  expect(await storedVersion('old')).toBe('example.com/v2')
  const after = await client.get(widgets, 'shop', 'old')
  expect(after.metadata.resourceVersion).not.toBe(old.metadata.resourceVersion)
  expect(after.metadata.managedFields).toEqual(
    old.metadata.managedFields?.map(entry => ({ ...entry, apiVersion: expect.any(String) })),
  )
  const same = await client.get(widgets, 'shop', 'fresh')
  expect(same.metadata.resourceVersion).toBe(fresh.metadata.resourceVersion)
}, 60_000)

test('a built-in kind has nothing to change, and says so', async () => {
  const { client, advance } = cluster
  const made = await client.create<ConfigMap>(configMaps, { metadata: { namespace: 'shop', name: 'c' } })
  await ask('', 'configmaps')
  await advance(5_000)
  expect(await conditions()).toEqual(done)
  const { status } = await client.get(storageVersionMigrations, undefined, 'm')
  expect(Number(status?.resourceVersion)).toBeGreaterThanOrEqual(Number(made.metadata.resourceVersion))
  const after = await client.get(configMaps, 'shop', 'c')
  expect(after.metadata.resourceVersion).toBe(made.metadata.resourceVersion)
}, 60_000)

test('what can be written by nobody, and what nobody serves, fails and says why', async () => {
  const { client, advance } = cluster
  await ask('authentication.k8s.io', 'tokenreviews')
  await advance(5_000)
  expect(await conditions()).toEqual([
    'Failed True StorageVersionMigrationFailed resource "authentication.k8s.io/v1, Resource=tokenreviews" does not support discovery operations: [update patch list]',
  ])
  await client.delete(storageVersionMigrations, undefined, 'm')
  await ask('nobody.example.com', 'things')
  await advance(30_000)
  expect(await conditions()).toEqual([])
  await advance(60_000)
  expect(await conditions()).toEqual([
    'Failed True StorageVersionMigrationFailed resource does not exist in discovery',
  ])
}, 60_000)

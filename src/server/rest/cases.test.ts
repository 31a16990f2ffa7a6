/** One table of cases, run over HTTP for every kind of the registry: what all kinds have in common holds for each. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Resource, Verb } from '../../api/define.ts'
import { createRegistry } from '../../api/registry.ts'
import bases from '../../api/testdata/cases.json' with { type: 'json' }
import { decodeProtobuf } from '../../machinery/codec/index.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { JsonObject, KubeList, KubeObject } from '../../machinery/meta/object.ts'
import { realPorts } from '../../std/real-ports.ts'
import type { Authorizer } from '../context.ts'
import type { Listener } from '../http/listen.ts'
import { startTestServer, type TestServer } from '../testing.ts'

const authorizer: Authorizer = ({ user }) => {
  return { decision: user.username === 'nobody' ? 'noOpinion' : 'allow', reason: '' }
}

let server: TestServer
let listener: Listener
beforeAll(async () => {
  server = await startTestServer({ ports: realPorts(), authorizer })
  listener = await server.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(() => server.shutdown())

interface Answer {
  readonly status: number
  readonly body: KubeObject & { message?: string; reason?: string; rows?: { cells: unknown[] }[] }
}

interface SendOptions {
  readonly body?: unknown
  readonly type?: string
  readonly accept?: string
  readonly user?: string
}

async function fetchRaw(
  method: string,
  path: string,
  { body, type, accept, user }: SendOptions = {},
): Promise<Response> {
  return fetch(`http://127.0.0.1:${listener.port}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${user ?? 'tester'}`,
      'content-type': type ?? 'application/json',
      ...(accept && { accept }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

async function send(method: string, path: string, options: SendOptions = {}): Promise<Answer> {
  const response = await fetchRaw(method, path, options)
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

type Bases = Readonly<Record<string, { base?: JsonObject & { metadata?: { name?: string } } }>>

/** A certificate request for `CN=case` as kubectl sends it. */
const certificateRequest =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlISU1IRUNBUUF3RHpFTk1Bc0dBMVVFQXd3RVkyRnpaVEJaTUJN' +
  'R0J5cUdTTTQ5QWdFR0NDcUdTTTQ5QXdFSApBMElBQkFLRG5pdEZEVHpHOXc5RWtBOURWWFVEclpkMzF6SVRFWHBuRlViL09WcDgv' +
  'Z3lEYytiT3hkblc5RkpYCkVQZVd2Ris2UTVhYWFtb24xUkN6YU02QzlGeWdBREFLQmdncWhrak9QUVFEQWdOSEFEQkVBaUJNUm5Z' +
  'VEg5bXEKb0hoK2F2UVNSaXUrWkZGVjE3Vmt3aTdSdzFSTzZzNUtld0lnSHB0dVczT1pQb0hpU1RTT2U4ZDBsbmVna2xLYgptKzVJ' +
  'ZTk0QUtNZmZhaHM9Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo='

/** Kinds that the recorded manifests leave out. */
const more: Bases = {
  'networking.k8s.io/v1 IPAddress': {
    base: {
      metadata: { name: '192.0.2.9' },
      spec: { parentRef: { resource: 'services', namespace: 'a', name: 'b' } },
    },
  },
  'certificates.k8s.io/v1 CertificateSigningRequest': {
    base: { spec: { request: certificateRequest, signerName: 'example.com/case', usages: ['client auth'] } },
  },
  'storage.k8s.io/v1 CSIStorageCapacity': { base: { storageClassName: 'fast' } },
  'resource.k8s.io/v1 ResourceClaimTemplate': {
    base: { spec: { spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }] } } } },
  },
  'resource.k8s.io/v1 ResourceSlice': {
    base: {
      spec: {
        driver: 'd.example.com',
        nodeName: 'n',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      },
    },
  },
}

/** The recorded valid manifest of a kind, under a name that its rules take. */
function manifest(resource: Resource): (JsonObject & { metadata: { name: string } }) | undefined {
  const apiVersion = toApiVersion(resource.group, resource.version)
  const key = `${apiVersion} ${resource.kind}`
  const base = (more[key] ?? (bases as unknown as Bases)[key])?.base
  const metadata = { name: 'sample', ...base?.metadata, labels: { case: 'yes' } }
  return base && { apiVersion, kind: resource.kind, ...base, metadata }
}

function collectionOf({ group, version, namespaced, plural }: Resource): string {
  const root = `${group === '' ? '/api' : '/apis'}/${toApiVersion(group, version)}`
  return namespaced ? `${root}/namespaces/default/${plural}` : `${root}/${plural}`
}

const stored = createRegistry()
  .all()
  .filter(
    ({ strategy, verbs }) =>
      !strategy.ephemeral &&
      (['create', 'delete', 'patch', 'update'] as Verb[]).every(verb => verbs.includes(verb)),
  )

test('every stored kind has a manifest to try', () => {
  expect(
    stored
      .filter(resource => !manifest(resource))
      .map(({ plural, group, version }) => `${plural}.${group}/${version}`),
  ).toEqual([])
})

const patches: readonly [type: string, body: unknown][] = [
  ['application/merge-patch+json', { metadata: { labels: { merged: 'yes' } } }],
  ['application/strategic-merge-patch+json', { metadata: { labels: { strategic: 'yes' } } }],
  ['application/json-patch+json', [{ op: 'add', path: '/metadata/labels/patched', value: 'yes' }]],
]
const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const protobufType = 'application/vnd.kubernetes.protobuf'

describe.each(
  stored
    .filter(manifest)
    .map(resource => [`${resource.plural}.${resource.group}/${resource.version}`, resource] as const),
)('%s', (_name, resource) => {
  const collection = collectionOf(resource)
  const body = manifest(resource)!
  const path = `${collection}/${body.metadata.name}`
  const read = async () => (await send('GET', path)).body

  test('keeps the promises of every kind', async () => {
    const dry = await send('POST', `${collection}?dryRun=All`, { body })
    expect(dry, JSON.stringify(dry.body)).toMatchObject({ status: 201 })
    expect((await send('GET', path)).status).toBe(404)
    const created = await send('POST', collection, { body })
    expect(created, JSON.stringify(created.body)).toMatchObject({
      status: 201,
      body: { kind: resource.kind },
    })
    expect(await send('POST', collection, { body })).toMatchObject({
      status: 409,
      body: { reason: 'AlreadyExists' },
    })
    // A definition is told about its names as soon as it is there.
    if (!resource.strategy.deletionFinalizer) expect(await read()).toEqual(created.body)
    await checkReads(created.body)
    await checkWrites(await read())
    await checkDeletes()
  })

  async function checkReads(created: KubeObject): Promise<void> {
    const listed = (await send('GET', `${collection}?labelSelector=case%3Dyes`)).body as unknown as KubeList
    expect(listed.items.map(({ metadata }) => metadata.uid)).toEqual([created.metadata.uid])
    const none = (await send('GET', `${collection}?labelSelector=case%3Dno`)).body as unknown as KubeList
    expect(none.items).toEqual([])
    const table = await send('GET', path, { accept: tableType })
    expect(table.body).toMatchObject({ kind: 'Table' })
    const nameColumn = resource.columns.findIndex(({ name }) => name === 'Name')
    expect(table.body.rows?.[0]?.cells[nameColumn]).toBe(body.metadata.name)
    const bytes = await (await fetchRaw('GET', path, { accept: protobufType })).bytes()
    const decoded = decodeProtobuf(resource.schema, bytes) as unknown as KubeObject
    expect(decoded.metadata).toMatchObject({ uid: created.metadata.uid!, name: body.metadata.name })
    const refused = await send('GET', path, { user: 'nobody' })
    expect(refused).toMatchObject({ status: 403, body: { reason: 'Forbidden' } })
    expect(refused.body.message).toContain(`User "nobody" cannot get resource "${resource.plural}"`)
  }

  async function checkWrites(created: KubeObject): Promise<void> {
    const { resourceVersion } = created.metadata
    const idle = await send('PUT', path, { body: created })
    expect(idle, JSON.stringify(idle.body)).toMatchObject({
      status: 200,
      body: { metadata: { resourceVersion } },
    })
    for (const [type, patch] of patches) {
      const answer = await send('PATCH', path, { body: patch, type })
      expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
    }
    const labels = { applied: 'yes' }
    const apply = {
      apiVersion: body.apiVersion,
      kind: resource.kind,
      metadata: { name: body.metadata.name, labels },
    }
    const applied = await send('PATCH', `${path}?fieldManager=cases`, {
      body: apply,
      type: 'application/apply-patch+yaml',
    })
    expect(applied, JSON.stringify(applied.body)).toMatchObject({ status: 200 })
    const wanted = { case: 'yes', merged: 'yes', strategic: 'yes', patched: 'yes', applied: 'yes' }
    expect((await read()).metadata.labels).toMatchObject(wanted)
    expect(await send('PUT', path, { body: created })).toMatchObject({
      status: 409,
      body: { reason: 'Conflict' },
    })
    const lines = await fetchRaw(
      'GET',
      `${collection}?watch=1&timeoutSeconds=1&resourceVersion=${resourceVersion}`,
    )
    const reader = lines.body!.getReader()
    const first = Buffer.from((await reader.read()).value!)
      .toString()
      .split('\n')[0]!
    expect(JSON.parse(first)).toMatchObject({ type: 'MODIFIED', object: { kind: resource.kind } })
    await reader.cancel()
  }

  async function checkDeletes(): Promise<void> {
    const merge = 'application/merge-patch+json'
    const before = (await read()).metadata.finalizers ?? []
    await send('PATCH', path, {
      type: merge,
      body: { metadata: { finalizers: [...before, 'example.com/wait'] } },
    })
    await send('DELETE', `${path}?gracePeriodSeconds=0`)
    const waiting = await read()
    expect(waiting.metadata.deletionTimestamp).toBeDefined()
    const cleared = await send('PATCH', path, { type: merge, body: { metadata: { finalizers: null } } })
    expect(cleared, JSON.stringify(cleared.body)).toMatchObject({ status: 200 })
    if (resource.strategy.holdsDeletion) return
    expect((await send('GET', path)).status).toBe(404)
    if (!resource.verbs.includes('deletecollection')) return
    await send('POST', collection, { body })
    expect((await send('DELETE', `${collection}?labelSelector=case%3Dyes&gracePeriodSeconds=0`)).status).toBe(
      200,
    )
  }
})

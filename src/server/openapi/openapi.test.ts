import { expect, test } from 'bun:test'
import type { Resource } from '../../api/define.ts'
import { createRegistry } from '../../api/registry.ts'
import { runSteps } from '../../std/turns.ts'
import { startTestServer } from '../testing.ts'
import type { DocumentOptions } from './document.ts'
import { makeOpenApiV2, makeOpenApiV3 } from './document.ts'
import { toGnosticV2 } from './gnostic-v2.ts'
import { toGnosticV3 } from './gnostic-v3.ts'
import type { JsonSchema } from './schema-json.ts'

type Operation = { operationId: string; requestBody?: { content: object }; parameters?: { name: string }[] }
type Document = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, JsonSchema> }
  definitions: Record<string, JsonSchema & { properties?: Record<string, JsonSchema> }>
}

const registry = createRegistry()
const options: DocumentOptions = { version: 'v1.35.4', custom: resource => resource.custom?.openApi }
const inVersion = (group: string, version: string) =>
  registry.all().filter(each => each.group === group && each.version === version)
const core = runSteps(makeOpenApiV3(inVersion('', 'v1'), options)) as Document
const apps = runSteps(makeOpenApiV3(inVersion('apps', 'v1'), options)) as Document

test('every reference of a document is defined in it', () => {
  for (const document of [core, apps])
    for (const [, name] of JSON.stringify(document).matchAll(/#\/components\/schemas\/([^"]+)"/g))
      expect(document.components.schemas).toHaveProperty([name!])
  const all = runSteps(makeOpenApiV2(registry.all(), options)) as Document
  for (const [, name] of JSON.stringify(all).matchAll(/#\/definitions\/([^"]+)"/g))
    expect(all.definitions).toHaveProperty([name!])
})

test('kubectl finds merge keys and kinds where it looks for them', () => {
  const { schemas } = core.components
  const spec = schemas['io.k8s.api.core.v1.PodSpec']
  expect(spec).toMatchObject({
    properties: { containers: { 'x-kubernetes-patch-merge-key': 'name', 'x-kubernetes-list-type': 'map' } },
  })
  const kinds = { 'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Pod' }] }
  expect(schemas['io.k8s.api.core.v1.Pod']).toMatchObject(kinds)
})

test('operations are called what generated clients call them', () => {
  const at = '/apis/apps/v1/namespaces/{namespace}/deployments'
  const idsOf = (path: string) =>
    Object.entries(apps.paths[path]!)
      .filter(([method]) => method !== 'parameters')
      .map(([method, { operationId }]) => `${method} ${operationId}`)
  expect(idsOf(at)).toEqual([
    'get listAppsV1NamespacedDeployment',
    'post createAppsV1NamespacedDeployment',
    'delete deleteAppsV1CollectionNamespacedDeployment',
  ])
  expect(idsOf(`${at}/{name}/scale`)).toEqual([
    'get readAppsV1NamespacedDeploymentScale',
    'put replaceAppsV1NamespacedDeploymentScale',
    'patch patchAppsV1NamespacedDeploymentScale',
  ])
  expect(idsOf('/apis/apps/v1/deployments')).toEqual(['get listAppsV1DeploymentForAllNamespaces'])
  expect(core.paths['/api/v1/namespaces/{namespace}/pods/{name}/exec']!.get!.operationId).toBe(
    'connectCoreV1GetNamespacedPodExec',
  )
})

test('pages that are no resources are told of too, those of custom kinds not', () => {
  expect(apps.paths['/apis/apps/v1/']!.get!.operationId).toBe('getAppsV1APIResources')
  const all = runSteps(
    makeOpenApiV2([...inVersion('apps', 'v1'), custom({ type: 'object' })], options),
  ) as Document
  const pages = Object.keys(all.paths).filter(path => path.endsWith('/') && path !== '/')
  expect(pages.toSorted()).toEqual([
    '/.well-known/openid-configuration/',
    '/api/',
    '/apis/',
    '/apis/apps/',
    '/apis/apps/v1/',
    '/openid/v1/jwks/',
    '/version/',
  ])
})

function custom(openApi: JsonSchema): Resource {
  const pods = registry.find('', 'v1', 'pods')!
  return {
    ...pods,
    group: 'example.com',
    kind: 'Widget',
    listKind: 'WidgetList',
    plural: 'widgets',
    subresources: [],
    selectableFields: { 'spec.color': () => '' },
    custom: { prune: () => [], dropDefaulted: () => {}, openApi: openApi as never },
  }
}

test('custom kinds do not offer the strategic merge that they do not take', () => {
  const document = runSteps(makeOpenApiV3([custom({ type: 'object' })], options)) as Document
  const path = '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}'
  const types = Object.keys(document.paths[path]!.patch!.requestBody!.content)
  expect(types).not.toContain('application/strategic-merge-patch+json')
  expect(types).toContain('application/apply-patch+yaml')
})

test('a custom kind is shown as it was defined, and in version 2 without what that has no words for', () => {
  const free = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { a: {} } }
  const nullable = { type: 'string', nullable: true }
  const spec = {
    type: 'object',
    required: ['nullable', 'size'],
    properties: { free, nullable, size: { type: 'integer', anyOf: [{ minimum: 1 }] } },
  }
  const resource = custom({ type: 'object', description: 'a widget', properties: { spec } })
  const three = runSteps(makeOpenApiV3([resource], options)) as Document
  expect(three.components.schemas['com.example.v1.Widget']).toMatchObject({
    description: 'a widget',
    properties: { spec, metadata: { allOf: [{}] } },
    'x-kubernetes-selectable-fields': [{ fieldPath: 'spec.color' }],
  })
  const two = runSteps(makeOpenApiV2([resource], options)) as Document
  expect(two.definitions['com.example.v1.Widget']!.properties!.spec).toEqual({
    type: 'object',
    required: ['size'],
    properties: {
      free: { 'x-kubernetes-preserve-unknown-fields': true },
      nullable: {},
      size: { type: 'integer' },
    },
  })
})

test('a custom kind is published as it was understood: without examples, with either type where both will do, whole objects whole', () => {
  const either = { 'x-kubernetes-int-or-string': true }
  const whole = { type: 'object', 'x-kubernetes-embedded-resource': true }
  const properties = {
    shown: { type: 'string', example: 'e', externalDocs: { url: 'u' }, nullable: false, required: [] },
    either: { ...either, example: 1 },
    bounded: { ...either, anyOf: [{ maximum: 4 }] },
    whole: { ...whole, items: undefined },
    free: { ...whole, 'x-kubernetes-preserve-unknown-fields': true },
  }
  const resource = custom({ type: 'object', properties: { spec: { type: 'object', properties } } })
  const specIn = (found: JsonSchema | undefined) =>
    (found!.properties as Record<string, JsonSchema>).spec!.properties
  const three = runSteps(makeOpenApiV3([resource], options)) as Document
  const both = [{ type: 'integer' }, { type: 'string' }]
  const typed = { apiVersion: { type: 'string' }, kind: { type: 'string' } }
  const required = ['kind', 'apiVersion']
  expect(specIn(three.components.schemas['com.example.v1.Widget'])).toEqual({
    shown: { type: 'string' },
    either: { ...either, anyOf: both },
    bounded: { ...either, anyOf: [{ maximum: 4 }], allOf: [{ anyOf: both }] },
    whole: { ...whole, required, properties: { ...typed, metadata: { allOf: [expect.anything()] } } },
    free: { ...properties.free, required, properties: { ...typed, metadata: expect.anything() } },
  })
  const two = runSteps(makeOpenApiV2([resource], options)) as Document
  expect(specIn(two.definitions['com.example.v1.Widget'])).toMatchObject({
    either,
    whole: { required, properties: typed },
    free: { 'x-kubernetes-preserve-unknown-fields': true },
  })
})

test('descriptions are told where they are known', () => {
  const descriptions = {
    types: { 'io.k8s.api.core.v1.Pod': { '': 'Pod is …', spec: 'How it should be.' } },
    parameters: { pretty: 'Indents.' },
  }
  const document = runSteps(makeOpenApiV3(inVersion('', 'v1'), { ...options, descriptions })) as Document
  expect(document.components.schemas['io.k8s.api.core.v1.Pod']).toMatchObject({
    description: 'Pod is …',
    properties: { spec: { description: 'How it should be.' } },
  })
  expect(JSON.stringify(document.paths['/api/v1/namespaces/{namespace}/pods'])).toContain('Indents.')
})

test('older clients get version 2 in protobuf', () => {
  const swagger = runSteps(makeOpenApiV2(inVersion('apps', 'v1'), options))
  const bytes = Buffer.from(toGnosticV2(swagger as Record<string, unknown>))
  expect(bytes.subarray(0, 5).toString('latin1')).toBe('\n\x032.0')
  for (const name of ['io.k8s.api.apps.v1.Deployment', 'readAppsV1NamespacedDeployment', '"merge"'])
    expect(bytes.includes(name)).toBe(true)
})

test('version 3 is there in protobuf too', () => {
  const document = runSteps(makeOpenApiV3(inVersion('apps', 'v1'), options))
  const bytes = Buffer.from(toGnosticV3(document as Record<string, unknown>))
  expect(bytes.subarray(0, 7).toString('latin1')).toBe('\n\x053.0.0')
  for (const name of ['io.k8s.api.apps.v1.Deployment', 'readAppsV1NamespacedDeployment', 'BearerToken'])
    expect(bytes.includes(name)).toBe(true)
})

test('documents are found by their hash, for ever, and are not sent twice', async () => {
  const server = await startTestServer()
  const { port, close } = await server.listen({ port: 0, host: '127.0.0.1' })
  const at = (path: string, headers = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers, redirect: 'manual' })
  const { paths } = (await (await at('/openapi/v3')).json()) as {
    paths: Record<string, { serverRelativeURL: string }>
  }
  const url = paths['apis/apps/v1']!.serverRelativeURL
  const first = await at(url)
  expect(first.headers.get('cache-control')).toBe('public, immutable')
  await first.body?.cancel()
  expect((await at(url, { 'if-none-match': first.headers.get('etag')! })).status).toBe(304)
  const page = (await (await at('/openapi/v3/apis/apps')).json()) as Document
  expect(page.paths['/apis/apps/']!.get!.operationId).toBe('getAppsAPIGroup')
  const moved = await at('/openapi/v3/apis/apps/v1?hash=OLD')
  expect([moved.status, moved.headers.get('location')]).toEqual([301, url])
  const accept = 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf'
  const binary = await at(url, { accept })
  expect(binary.headers.get('content-type')).toBe(accept.replace('@', '.'))
  await binary.body?.cancel()
  expect((await at(url, { accept, 'if-none-match': binary.headers.get('etag')! })).status).toBe(304)
  const refused = await at('/openapi/v2', { accept: 'text/html' })
  expect(refused.status).toBe(406)
  await close()
  await server.shutdown()
})

test('paths, types and fields come in the order in which Go writes maps, and what is required as it is declared', () => {
  const inOrder = (map: object) => expect(Object.keys(map)).toEqual(Object.keys(map).toSorted())
  inOrder(apps.paths)
  inOrder(core.components.schemas)
  for (const { properties } of Object.values(core.components.schemas)) inOrder(properties ?? {})
  expect(core.components.schemas['io.k8s.api.core.v1.Taint']?.required).toEqual(['key', 'effect'])
})

test('the deletion of a namespace and the log of a pod are told of as upstream does', () => {
  const answers = (path: string, method: string) =>
    (core.paths[path]![method] as unknown as { responses: { 200: { content: Record<string, object> } } })
      .responses[200].content
  const removal = answers('/api/v1/namespaces/{name}', 'delete')
  expect(JSON.stringify(removal['application/json'])).toContain('meta.v1.Status')
  expect(answers('/api/v1/namespaces/{namespace}/pods/{name}/log', 'get')).toHaveProperty(['text/plain'])
})

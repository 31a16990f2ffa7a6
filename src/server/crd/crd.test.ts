import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { ApiCall } from '../../client/transport.ts'
import type { JsonObject, KubeObject } from '../../machinery/meta/object.ts'
import { settle as settleOnce } from '../../std/sim-ports.ts'
import { startTestServer, type TestServer } from '../testing.ts'

/** A definition's way from one state to the next takes some writes, each of which comes back by the watch. */
async function settle(): Promise<void> {
  for (let round = 0; round < 10; round++) await settleOnce()
}

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.shutdown())

const definitions = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
} as const

function definition(plural: string, kind: string, schema: JsonObject, more: JsonObject = {}): JsonObject {
  const openAPIV3Schema = {
    type: 'object',
    properties: { spec: schema, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  }
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema }, ...more }
  const spec = { group: 'example.com', scope: 'Namespaced', names: { plural, kind }, versions: [version] }
  return { metadata: { name: `${plural}.example.com` }, spec }
}

async function define(...args: Parameters<typeof definition>): Promise<void> {
  await server.admin.call({ ...definitions, verb: 'create', body: definition(...args) })
  await settle()
}

const custom = (verb: ApiCall['verb'], resource: string, more: Partial<ApiCall> = {}) =>
  server.admin.call({ verb, group: 'example.com', version: 'v1', resource, namespace: 'default', ...more })

const make = (resource: string, name: string, spec: JsonObject, options: ApiCall['options'] = {}) =>
  custom('create', resource, { body: { metadata: { name }, spec }, options })

const size = { type: 'integer', minimum: 1, maximum: 9, default: 3 }

test('a definition is established and its objects are defaulted, pruned and validated', async () => {
  const color = { type: 'string', enum: ['red', 'blue'] }
  await define('widgets', 'Widget', { type: 'object', required: ['color'], properties: { size, color } })
  const { status } = (await server.admin.call({
    ...definitions,
    verb: 'get',
    name: 'widgets.example.com',
  })) as KubeObject & {
    status: { conditions: { type: string; status: string }[] }
  }
  expect(status.conditions.map(({ type, status: value }) => `${type}=${value}`)).toEqual([
    'NamesAccepted=True',
    'Established=True',
  ])
  const widget = await make('widgets', 'w', { color: 'red', extra: 1 })
  expect(widget).toMatchObject({ kind: 'Widget', apiVersion: 'example.com/v1', metadata: { generation: 1 } })
  expect((widget as KubeObject & { spec: object }).spec).toEqual({ color: 'red', size: 3 })
  await expect(make('widgets', 'x', { color: 'green', size: 10 })).rejects.toThrow(
    'Widget.example.com "x" is invalid: [spec.color: Unsupported value: "green": supported values: "red", "blue", spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9]',
  )
  await expect(make('widgets', 'x', {})).rejects.toThrow('spec.color: Required value')
  await expect(make('widgets', 'x', { color: 'red', size: 'big' })).rejects.toThrow(
    'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
  )
})

test('a text with a format tells what Go calls a value of another type; too many members do not hide what they hold', async () => {
  const properties = {
    when: { type: 'string', format: 'date-time' },
    few: { type: 'object', maxProperties: 1, additionalProperties: { type: 'string' } },
  }
  await define('timers', 'Timer', { type: 'object', properties })
  await expect(make('timers', 't', { when: 7 })).rejects.toThrow(
    'spec.when: Invalid value: "int64": spec.when in body must be of type date-time: "int64"',
  )
  await expect(make('timers', 't', { when: true })).rejects.toThrow(
    'spec.when: Invalid value: "": spec.when in body must be of type date-time: ""',
  )
  await make('timers', 'listed', { when: ['a list is taken'] })
  await expect(make('timers', 't', { few: { a: 1, b: 'x' } })).rejects.toThrow(
    '[spec.few: Too many: 2: must have at most 1 item, spec.few.a: Invalid value: "integer": spec.few.a in body must be of type string: "integer"]',
  )
})

test('an object that tells of no member may be applied with any, and below unknown fields are kept', async () => {
  const inner = { type: 'object', properties: { known: { type: 'string' } } }
  const free = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { inner } }
  await define('bares', 'Bare', { type: 'object', properties: { bare: { type: 'object' }, free, inner } })
  const apply = (spec: JsonObject) =>
    custom('patch', 'bares', {
      name: 'b',
      patchType: 'application/apply-patch+yaml',
      body: { apiVersion: 'example.com/v1', kind: 'Bare', metadata: { name: 'b' }, spec },
      options: { fieldManager: 'm' },
    })
  expect(await apply({ bare: { some: 1 } })).toMatchObject({
    spec: { bare: {} },
    metadata: { managedFields: [{ fieldsV1: { 'f:spec': { 'f:bare': { 'f:some': {} } } } }] },
  })
  await apply({ free: { inner: { other: 1 } } })
  await expect(apply({ inner: { other: 1 } })).rejects.toThrow(
    '.spec.inner.other: field not declared in schema',
  )
})

test('rules in CEL see the object, and the old one on update', async () => {
  const rules = [
    { rule: 'self.min <= self.max', message: 'min must not exceed max' },
    { rule: 'self.max >= oldSelf.max', message: 'max must not shrink' },
  ]
  const bounds = { min: { type: 'integer' }, max: { type: 'integer' } }
  await define('ranges', 'Range', { type: 'object', properties: bounds, 'x-kubernetes-validations': rules })
  await expect(make('ranges', 'r', { min: 5, max: 1 })).rejects.toThrow(
    'spec: Invalid value: min must not exceed max',
  )
  await make('ranges', 'r', { min: 1, max: 5 })
  const shrink = { name: 'r', patchType: 'application/merge-patch+json', body: { spec: { max: 4 } } } as const
  await expect(custom('patch', 'ranges', shrink)).rejects.toThrow('spec: Invalid value: max must not shrink')
})

test('a rule may ask on one side of a choice whether a field is there', async () => {
  const rule = "self.kind == 'Service' ? has(self.port) : true"
  const spec = { kind: { type: 'string', maxLength: 9 }, port: { type: 'integer' } }
  const rules = [{ rule, message: 'a Service needs a port' }]
  await define('backends', 'Backend', { type: 'object', properties: spec, 'x-kubernetes-validations': rules })
  await make('backends', 'with-port', { kind: 'Service', port: 1 })
  await make('backends', 'bucket', { kind: 'Bucket' })
  await expect(make('backends', 'without', { kind: 'Service' })).rejects.toThrow(
    'spec: Invalid value: a Service needs a port',
  )
})

test('status and scale of a custom kind are doors of their own', async () => {
  const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' }
  await define(
    'groups',
    'Group',
    { type: 'object', properties: { size } },
    { subresources: { status: {}, scale } },
  )
  await make('groups', 'g', { size: 2 })
  const patchType = 'application/merge-patch+json'
  await custom('patch', 'groups', { name: 'g', patchType, body: { status: { size: 2 } } })
  expect(await custom('get', 'groups', { name: 'g' })).not.toHaveProperty('status')
  await custom('patch', 'groups', {
    name: 'g',
    subresource: 'status',
    patchType,
    body: { status: { size: 2 } },
  })
  const answer = await custom('patch', 'groups', {
    name: 'g',
    subresource: 'scale',
    patchType,
    body: { spec: { replicas: 7 } },
  })
  expect(answer).toMatchObject({ kind: 'Scale', spec: { replicas: 7 }, status: { replicas: 2 } })
  expect(await custom('get', 'groups', { name: 'g' })).toMatchObject({
    spec: { size: 7 },
    metadata: { generation: 2 },
  })
})

test('a name that another kind of the group has is not accepted until it is free', async () => {
  const free = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  await define('firsts', 'Same', free)
  await define('seconds', 'Same', free)
  const names = async () => {
    const { status } = (await server.admin.call({
      ...definitions,
      verb: 'get',
      name: 'seconds.example.com',
    })) as KubeObject & {
      status: { conditions: { type: string; reason: string; message: string }[] }
    }
    return status.conditions.find(({ type }) => type === 'NamesAccepted')
  }
  expect(await names()).toMatchObject({ status: 'False', reason: 'ListKindConflict' })
  await server.admin.call({ ...definitions, verb: 'delete', name: 'firsts.example.com' })
  await settle()
  expect(await names()).toMatchObject({ status: 'True' })
})

test('a deleted definition takes its objects with it and waits for their finalizers', async () => {
  await define('things', 'Thing', { type: 'object', 'x-kubernetes-preserve-unknown-fields': true })
  await custom('create', 'things', { body: { metadata: { name: 't', finalizers: ['example.com/mine'] } } })
  await server.admin.call({ ...definitions, verb: 'delete', name: 'things.example.com' })
  await settle()
  expect((await custom('get', 'things', { name: 't' })).metadata.deletionTimestamp).toBeDefined()
  const again = { ...definitions, verb: 'delete', name: 'things.example.com' } as const
  // Once more it is marked as others are, and then no more.
  const [marked, same] = [await server.admin.call(again), await server.admin.call(again)]
  expect(marked.metadata.deletionGracePeriodSeconds).toBe(0)
  expect(same.metadata.resourceVersion).toBe(marked.metadata.resourceVersion)
  const late = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'late' } }
  const patchType = 'application/apply-patch+yaml'
  const options = { fieldManager: 'm' }
  const refused = 'forbidden: create not allowed while custom resource definition is terminating'
  await expect(custom('create', 'things', { body: late })).rejects.toThrow(refused)
  await expect(custom('patch', 'things', { name: 'late', patchType, options, body: late })).rejects.toThrow(
    refused,
  )
  await custom('patch', 'things', {
    name: 't',
    patchType: 'application/merge-patch+json',
    body: { metadata: { finalizers: null } },
  })
  await settle()
  await expect(
    server.admin.call({ ...definitions, verb: 'get', name: 'things.example.com' }),
  ).rejects.toThrow('not found')
  await expect(custom('list', 'things')).rejects.toThrow('not found')
})

test('a null that a schema takes has an owner like other values', async () => {
  await define('nulls', 'Null', { type: 'object', properties: { a: { type: 'string', nullable: true } } })
  const { metadata } = await make('nulls', 'n', { a: null }, { fieldManager: 'me' })
  expect(metadata.managedFields?.[0]?.fieldsV1).toEqual({ 'f:spec': { '.': {}, 'f:a': {} } })
})

test('a field with a reserved name is there for rules under that name and the escaped one', async () => {
  const rules = [
    { rule: "self.namespace != 'x'", message: 'not x' },
    { rule: "self.__namespace__ != 'y'", message: 'not y' },
  ]
  const namespace = { type: 'string' }
  await define('places', 'Place', {
    ...{ type: 'object', properties: { namespace } },
    'x-kubernetes-validations': rules,
  })
  await make('places', 'p', { namespace: 'z' })
  await expect(make('places', 'q', { namespace: 'x' })).rejects.toThrow('not x')
  await expect(make('places', 'q', { namespace: 'y' })).rejects.toThrow('not y')
})

test('versions without a conversion share what both know, and who wrote in another is forgotten with it', async () => {
  const text = { type: 'string' }
  const made = definition('pairs', 'Pair', { type: 'object', properties: { a: text, both: text } })
  const { spec } = made as unknown as { spec: { versions: JsonObject[] } }
  const properties = { spec: { type: 'object', properties: { b: text, both: text } } }
  const schema = { openAPIV3Schema: { type: 'object', properties } }
  spec.versions.push({ name: 'v2', served: true, storage: false, schema } as unknown as JsonObject)
  await server.admin.call({ ...definitions, verb: 'create', body: made })
  await settle()
  await make('pairs', 'p', { a: '1', both: '1' }, { fieldManager: 'first' })
  const change = { spec: { b: '2', both: '2' } }
  const patched = (await custom('patch', 'pairs', {
    version: 'v2',
    ...{ name: 'p', patchType: 'application/merge-patch+json', body: change },
  })) as KubeObject & { spec: object }
  // It is stored as v1, which has no b.
  expect(patched.spec).toEqual({ both: '2' })
  expect(patched.metadata.managedFields).toBeUndefined()
  const dry = (await custom('create', 'pairs', {
    ...{ version: 'v2', options: { dryRun: ['All'] }, body: { metadata: { name: 'dry' }, ...change } },
  })) as KubeObject & { spec: object }
  expect(dry.spec).toEqual({ both: '2' })
})

test('an object inside another says in words what it is', async () => {
  const inside = { type: 'object', 'x-kubernetes-embedded-resource': true }
  const schema = { ...inside, 'x-kubernetes-preserve-unknown-fields': true }
  await define('shells', 'Shell', {
    type: 'object',
    properties: { of: { type: 'object', additionalProperties: schema } },
  })
  const hold = (object: JsonObject) => make('shells', 's', { of: { a: object } })
  await expect(hold({ apiVersion: 'v1' })).rejects.toThrow('spec.of[a].kind: Required value')
  await expect(hold({ apiVersion: 'v1', kind: '' })).rejects.toThrow(
    'spec.of[a].kind: Invalid value: "": must not be empty',
  )
  await expect(hold({ apiVersion: 'v1', kind: 5 })).rejects.toThrow(
    'spec.of[a].kind: Invalid value: 5: must be a string',
  )
})

const crds = (verb: ApiCall['verb'], name: string, more: Partial<ApiCall> = {}) =>
  server.admin.call({ ...definitions, verb, name, ...more })

test('a rule that does not compile is refused when it is defined', async () => {
  const schema = {
    type: 'object',
    properties: { size },
    'x-kubernetes-validations': [{ rule: 'nosuch(self)' }],
  }
  await expect(define('broken', 'Broken', schema)).rejects.toThrow(
    'spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value: ',
  )
})

test('a changed schema defaults and prunes what was stored before, and ends the watches', async () => {
  const schema = (properties: JsonObject) => ({ type: 'object', properties })
  await define('readers', 'Reader', schema({ a: { type: 'string' }, b: { type: 'string' } }))
  await make('readers', 'r', { a: 'x', b: 'y' })
  let ended = false
  const watching = server.admin
    .watch(
      { verb: 'watch', group: 'example.com', version: 'v1', resource: 'readers', namespace: 'default' },
      () => {},
      new AbortController().signal,
    )
    .then(() => {
      ended = true
    })
  const latest = (await crds('get', 'readers.example.com')) as unknown as JsonObject
  const { spec } = definition(
    'readers',
    'Reader',
    schema({ a: { type: 'string' }, c: { type: 'string', default: 'z' } }),
  )
  await crds('update', 'readers.example.com', { body: { ...latest, spec: spec! } })
  await settle()
  await watching
  expect(ended).toBe(true)
  expect(await custom('get', 'readers', { name: 'r' })).toMatchObject({ spec: { a: 'x', c: 'z' } })
  expect((await custom('get', 'readers', { name: 'r' })) as unknown as JsonObject).not.toHaveProperty(
    'spec.b',
  )
})

test('a transition rule with optionalOldSelf runs on create too', async () => {
  const rule = { rule: 'oldSelf.hasValue() || self.n == 1', optionalOldSelf: true, message: 'starts at 1' }
  await define('starts', 'Start', {
    type: 'object',
    properties: { n: { type: 'integer' } },
    'x-kubernetes-validations': [rule],
  })
  await expect(make('starts', 's', { n: 2 })).rejects.toThrow('spec: Invalid value: starts at 1')
  await make('starts', 's', { n: 1 })
  const patchType = 'application/merge-patch+json'
  await custom('patch', 'starts', { name: 's', patchType, body: { spec: { n: 2 } } })
})

test('what the store holds is served when the server starts again', async () => {
  await define('lasting', 'Last', { type: 'object', properties: { size } })
  await make('lasting', 'l', {})
  const { ports, store } = server
  const again = await startTestServer({ ports, store })
  const call = { group: 'example.com', version: 'v1', resource: 'lasting', namespace: 'default', name: 'l' }
  expect(await again.admin.call({ ...call, verb: 'get' })).toMatchObject({ spec: { size: 3 } })
  await again.shutdown()
})

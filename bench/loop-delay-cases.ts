/** Requests that take a server long: long lists in every encoding, large bodies in every language, costly rules. */

import { configMaps } from '../src/api/core/config-map.ts'
import { encodeCbor, encodeProtobuf } from '../src/machinery/codec/index.ts'
import type { HostileCase } from './hostile-case.ts'
import type { connectionOf } from './hutch-process.ts'
import { crowdCases, crowdNamespaces, crowds } from './loop-delay-crowds.ts'
import { shapeCases, shapesPrepared } from './loop-delay-shapes.ts'

type Connection = ReturnType<typeof connectionOf>

const maps = '/api/v1/namespaces/default/configmaps'
const many = '/api/v1/namespaces/many/configmaps'
const slow = '/apis/loop.example.com/v1/namespaces/default/slows'
const custom = '/apis/loop.example.com/v1/namespaces/many/slows'
const partial = 'PartialObjectMetadataList;g=meta.k8s.io;v=v1'

const get = (path: string, accept: string, more: Record<string, string> = {}) => ({
  request: () => ({ method: 'GET', path, headers: { accept, 'accept-encoding': 'identity', ...more } }),
})

/** Every hostile request by its name. */
export function hostileCases(objects: number): readonly HostileCase[] {
  const lists = {
    json: get(many, 'application/json'),
    'json gzip': get(many, 'application/json', { 'accept-encoding': 'gzip' }),
    pretty: get(`${many}?pretty=true`, 'application/json'),
    yaml: get(`${many}?limit=${Math.ceil(objects / 5)}`, 'application/yaml'),
    protobuf: get(many, 'application/vnd.kubernetes.protobuf'),
    cbor: get(many, 'application/cbor'),
    table: get(many, 'application/json;as=Table;g=meta.k8s.io;v=v1'),
    'table gzip': get(many, 'application/json;as=Table;g=meta.k8s.io;v=v1', { 'accept-encoding': 'gzip' }),
    metadata: get(many, `application/json;as=${partial}`),
    selector: get(`${many}?labelSelector=app!=none`, 'application/json'),
    custom: get(custom, 'application/json'),
    'watch list': get(
      `${many}?watch=true&timeoutSeconds=6&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
      'application/json',
    ),
  }
  return [
    ...Object.entries(lists).map(([name, each]) => ({ name: `list ${name}`, ...each })),
    ...bodies(),
    ...shapeCases(),
    ...crowdCases(objects),
  ]
}

const json = 'application/json'
const slowType = { apiVersion: 'loop.example.com/v1', kind: 'Slow' }

function bodies(): HostileCase[] {
  const pairs = (count: number, size: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`key-${at}`, 'x'.repeat(size)]))
  const map = (name: string, data: object, more = {}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...more },
    data,
  })
  const post = (
    type: string,
    make: (name: string) => string | Uint8Array,
    path = maps,
  ): HostileCase['request'] => {
    return round => {
      const name = `large-${type.replace(/[^a-z]/g, '')}-${round}-${Date.now()}`
      return {
        method: 'POST',
        path: `${path}?dryRun=All`,
        headers: { 'content-type': type, accept: json },
        body: make(name),
      }
    }
  }
  const patch = (type: string, body: (round: number) => string, name: string): HostileCase['request'] => {
    return round => ({
      method: 'PATCH',
      path: `${maps}/${name}?fieldManager=loop${type.includes('apply') ? '&force=true' : ''}`,
      headers: { 'content-type': type, accept: json },
      body: body(round),
    })
  }
  const flat = (name: string, count: number) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n${Array.from({ length: count }, (_, at) => `  key-${at}: "value ${at}"\n`).join('')}`
  const block = (name: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  text: |\n${'    some line of text in a block\n'.repeat(30_000)}`
  return [
    {
      name: 'json 3 MB of small members',
      request: post(json, name => JSON.stringify(map(name, pairs(90_000, 15)))),
    },
    {
      name: 'json 1 MB of one text',
      request: post(json, name => JSON.stringify(map(name, pairs(1, 1_000_000)))),
    },
    { name: 'yaml 1 MB flat', request: post('application/yaml', name => flat(name, 40_000)) },
    { name: 'yaml 1 MB block text', request: post('application/yaml', block) },
    {
      name: 'protobuf 3 MB',
      request: post('application/vnd.kubernetes.protobuf', name =>
        encodeProtobuf(configMaps.schema, map(name, pairs(90_000, 15))),
      ),
    },
    {
      name: 'cbor 3 MB',
      request: post('application/cbor', name => encodeCbor(map(name, pairs(1_000, 2_000)))),
    },
    {
      name: 'strategic merge 1 MB',
      request: patch(
        'application/strategic-merge-patch+json',
        round => JSON.stringify({ data: pairs(30_000, 15 + round) }),
        'base',
      ),
    },
    {
      name: 'json patch 10,000 operations',
      request: patch(
        'application/json-patch+json',
        round =>
          JSON.stringify(
            Array.from({ length: 10_000 }, (_, at) => ({
              op: 'add',
              path: `/data/k${at}`,
              value: `v${round}`,
            })),
          ),
        'base',
      ),
    },
    {
      name: 'apply 1 MB',
      request: patch(
        'application/apply-patch+yaml',
        round => JSON.stringify(map('applied', pairs(30_000, 15 + round))),
        'applied',
      ),
    },
    {
      name: 'rules at the cost limit',
      request: post(
        json,
        name =>
          JSON.stringify({
            ...slowType,
            metadata: { name },
            spec: { list: Array.from({ length: itemsMax }, (_, at) => `item-${at}`) },
          }),
        slow,
      ),
    },
  ]
}

interface Sending {
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | Uint8Array | undefined
}

/** Sends a request and reads its answer to the end without keeping it. */
export async function send(
  { server, tls }: Connection,
  method: string,
  path: string,
  { headers = {}, body }: Sending = {},
): Promise<{ status: number; bytes: number }> {
  const init = { method, headers, tls, decompress: false, ...(body !== undefined && { body }) }
  const response = await fetch(server + path, init as RequestInit)
  let bytes = 0
  for await (const chunk of response.body ?? []) bytes += chunk.length
  return { status: response.status, bytes }
}

/** What the requests are about: objects by the ten thousand, and a kind with costly rules. */
export async function prepare(connection: Connection, objects: number): Promise<void> {
  const make = async (path: string, body: object) => {
    const sending = { headers: { 'content-type': json }, body: JSON.stringify(body) }
    const { status } = await send(connection, 'POST', path, sending)
    // 409: there already, as the namespace of leases is.
    if (status >= 400 && status !== 409) throw new Error(`POST ${path} was answered with ${status}`)
  }
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
  for (const name of ['many', 'kube-node-lease', ...crowdNamespaces])
    await make('/api/v1/namespaces', { metadata: { name } })
  await make(leases, { metadata: { name: 'beat' }, spec: { holderIdentity: 'beat' } })
  await make(maps, { metadata: { name: 'base' }, data: { a: 'b' } })
  await make('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition)
  await untilServed(connection, custom)
  for (const [path, object] of shapesPrepared) await make(path, object)
  const data = { text: 'x'.repeat(300) }
  await inParallel(objects, at =>
    make(many, { metadata: { name: `map-${at}`, labels: { app: `a${at % 10}` } }, data }),
  )
  await inParallel(objects / 5, at =>
    make(custom, { ...slowType, metadata: { name: `slow-${at}` }, spec: { list: ['a'] } }),
  )
  for (const crowd of crowds(objects)) await inParallel(crowd.count, at => make(crowd.path, crowd.make(at)))
}

/** Sends a request of a case and waits for what it began. */
export async function attackOnce(
  connection: Connection,
  { request, until, times = 1, watched }: HostileCase,
  round: number,
): Promise<{ status: number; bytes: number }> {
  const over = new AbortController()
  if (watched) {
    const open = () => watch(connection, watched.path, over.signal)
    await Promise.all(Array.from({ length: watched.times }, open))
  }
  const once = () => {
    const { method, path, headers, body } = request(round)
    return send(connection, method, path, { headers, body })
  }
  const answers = await Promise.all(Array.from({ length: times }, once))
  while (until !== undefined && (await send(connection, 'GET', until)).status !== 404) await Bun.sleep(50)
  // What is told to watchers comes behind the answer.
  if (watched) await Bun.sleep(500)
  over.abort()
  return answers[0]!
}

/** Resolves once the watch has begun; its events are read and forgotten. */
async function watch({ server, tls }: Connection, path: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(server + path, { tls, signal } as RequestInit)
  const read = async () => {
    try {
      for await (const _ of response.body ?? []) if (signal.aborted) break
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
  void read()
}

async function untilServed(connection: Connection, path: string): Promise<void> {
  while ((await send(connection, 'GET', path)).status === 404) await Bun.sleep(20)
}

async function inParallel(count: number, work: (at: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const one = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: 16 }, one))
}

const rule = 'self.spec.list.all(a, self.spec.list.all(b, self.spec.list.exists(c, c == a || c == b)))'
/** With more the rule is refused for its estimated cost. */
const itemsMax = 70
const list = { type: 'array', maxItems: itemsMax, items: { type: 'string', maxLength: 20 } }
const definition = {
  metadata: { name: 'slows.loop.example.com' },
  spec: {
    group: 'loop.example.com',
    scope: 'Namespaced',
    names: { plural: 'slows', kind: 'Slow' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { list } } },
            'x-kubernetes-validations': [{ rule }],
          },
        },
      },
    ],
  },
}

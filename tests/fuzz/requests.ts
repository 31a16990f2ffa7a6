import { stringify } from 'yaml'
import type { Resource } from '../../src/api/define.ts'
import { createRegistry } from '../../src/api/registry.ts'
import bases from '../../src/api/testdata/cases.json' with { type: 'json' }
import { encodeCbor, encodeProtobuf } from '../../src/machinery/codec/index.ts'
import { toApiVersion } from '../../src/machinery/meta/group.ts'
import type { KubeObject } from '../../src/machinery/meta/object.ts'
import { type Dice, dice } from './dice.ts'
import { hostileBodies, hostileTexts, slowPatterns } from './hostile.ts'
import { mutateBytes } from './mutate-bytes.ts'
import { mutateJson } from './mutate-json.ts'

export interface FuzzRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

interface Subject {
  readonly resource: Resource
  readonly object: KubeObject
  readonly collection: string
}

const namespace = 'default'
const subjects: readonly Subject[] = createRegistry()
  .all()
  .filter(resource => resource.verbs.includes('create') || resource.verbs.includes('update'))
  .map(subjectOf)

function subjectOf(resource: Resource): Subject {
  const apiVersion = toApiVersion(resource.group, resource.version)
  const known = (bases as Record<string, { base?: object }>)[`${apiVersion} ${resource.kind}`]
  const root =
    resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  const inside = resource.namespaced ? `/namespaces/${namespace}` : ''
  return {
    resource,
    object: { ...known?.base, apiVersion, kind: resource.kind, metadata: { name: 'fuzz' } },
    collection: `${root}${inside}/${resource.plural}`,
  }
}

/** Case `number` of a seed; the same two numbers make the same request. */
export function fuzzRequest(seed: number, number: number): FuzzRequest {
  const chance = dice((seed * 0x9e3779b1 + number * 0x85ebca6b) | 0)
  const subject = chance.pick(subjects)
  const request = chance.pick(families)(chance, subject)
  return isHarmful(request, subject) ? unstored(request) : request
}

/**
 * Webhooks and policies that chance has made would answer for the server: late, with a 500, or by refusing everything.
 * Without the roles that it came with a server refuses everything too.
 */
function isHarmful({ path, method }: FuzzRequest, { resource, collection }: Subject): boolean {
  if (method === 'DELETE' && ofCollection.test(path.slice(collection.length))) return true
  return resource.group === 'admissionregistration.k8s.io' && method !== 'GET' && method !== 'HEAD'
}

/** What follows a collection's path where no object is named. */
const ofCollection = /^(?:\/|%20)*(?:\?|$)/

function unstored(request: FuzzRequest): FuzzRequest {
  const { path } = request
  return { ...request, path: `${path}${path.includes('?') ? '&' : '?'}dryRun=All` }
}

type Family = (dice: Dice, subject: Subject) => FuzzRequest

const json = 'application/json'
const cbor = 'application/cbor'
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]

const createJson: Family = (chance, subject) => {
  const text = JSON.stringify(mutateJson(chance, named(chance, subject.object)))
  const whole = Buffer.from(text)
  return write('POST', subject, json, chance.chance(0.3) ? mutateBytes(chance, whole) : whole, query(chance))
}

const createYaml: Family = (chance, subject) => {
  const text = stringify(mutateJson(chance, named(chance, subject.object)))
  return write('POST', subject, 'application/yaml', mutateBytes(chance, Buffer.from(text)), query(chance))
}

const createProtobuf: Family = (chance, subject) => {
  const bytes = encodeProtobuf(subject.resource.schema, named(chance, subject.object))
  const type = 'application/vnd.kubernetes.protobuf'
  return write('POST', subject, type, mutateBytes(chance, bytes), query(chance))
}

const createCbor: Family = (chance, subject) => {
  const whole = encodeCbor(mutateJson(chance, named(chance, subject.object)))
  return write('POST', subject, cbor, chance.chance(0.7) ? mutateBytes(chance, whole) : whole, query(chance))
}

const applyCbor: Family = (chance, subject) => {
  const whole = encodeCbor(mutateJson(chance, subject.object))
  const body = chance.chance(0.5) ? mutateBytes(chance, whole) : whole
  const type = 'application/apply-patch+cbor'
  return write('PATCH', subject, type, body, '?fieldManager=fuzz&force=true', '/fuzz')
}

/** Pages from tokens that are nearly those of a server. */
const page: Family = (chance, subject) => {
  const token = {
    v: chance.pick(['meta.k8s.io/v1', '', 'v1', null]),
    rv: chance.pick([-1, 0, 1, 2 ** 31, 1e300, '1', null]),
    start: chance.pick([...hostileTexts, 'default/fuzz\u0000']),
  }
  const text = Buffer.from(JSON.stringify(chance.chance(0.3) ? mutateJson(chance, token) : token))
  const bytes = chance.chance(0.4) ? mutateBytes(chance, text) : text
  const more = chance.pick(['', '&limit=1', '&resourceVersion=1', '&limit=-1', '&labelSelector=a'])
  return {
    method: chance.pick(['GET', 'GET', 'DELETE']),
    path: `${subject.collection}?continue=${bytes.toString('base64url')}${more}`,
    headers: { accept: chance.pick(accepts) },
  }
}

/** Definitions and policies whose expressions would run for ages in an engine that backtracks or does not count. */
const expressions: Family = chance => {
  const text = chance.pick(['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', 'a'.repeat(5_000), '\u0000'])
  const rule = chance.pick([
    `'${text}'.matches('${chance.pick(slowPatterns)}')`,
    `self.spec.list.all(a, self.spec.list.all(b, self.spec.list.exists(c, a == b && b != c)))`,
    `self.spec.text.split('').map(x, x + x).join(x).size() > ${'1'.repeat(1 + chance.number(40))}`,
    `${'('.repeat(chance.number(600))}true`,
    `${'!'.repeat(chance.number(600))}true`,
    `[${'1,'.repeat(chance.number(3_000))}1].all(x, x in [${'1,'.repeat(chance.number(300))}1])`,
  ])
  const name = `s${chance.number(1_000)}`
  const spec = {
    type: 'object',
    properties: {
      text: { type: 'string', pattern: chance.pick(slowPatterns), default: text, maxLength: 100_000 },
      odd: { type: 'string', format: chance.pick(hostileTexts) },
      list: { type: 'array', items: { type: 'string' }, maxItems: chance.pick([10, 1_000]) },
    },
  }
  const validations = { 'x-kubernetes-validations': [{ rule }] }
  const openAPIV3Schema = { type: 'object', properties: { spec }, ...validations }
  const body = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${name}.fuzz.example.com` },
    spec: {
      group: 'fuzz.example.com',
      scope: 'Namespaced',
      names: { plural: name, kind: `Slow${name}` },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  }
  return {
    method: 'POST',
    path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All`,
    headers: { 'content-type': json, accept: json },
    body: Buffer.from(JSON.stringify(chance.chance(0.2) ? mutateJson(chance, body) : body)),
  }
}

const replace: Family = (chance, subject) => {
  const text = JSON.stringify(mutateJson(chance, subject.object))
  const subresource = chance.pick(['', '', '/status', '/scale'])
  return { ...write('PUT', subject, json, Buffer.from(text), query(chance), `/fuzz${subresource}`) }
}

const patch: Family = (chance, subject) => {
  const type = chance.pick(patchTypes)
  const whole = type.includes('json-patch') ? operations(chance) : mutateJson(chance, subject.object)
  const text = Buffer.from(JSON.stringify(whole))
  const body = chance.chance(0.3) ? mutateBytes(chance, text) : text
  const manager = type.includes('apply') ? '?fieldManager=fuzz&force=true' : query(chance)
  return write('PATCH', subject, type, body, manager, chance.pick(['/fuzz', '/fuzz/status']))
}

const read: Family = (chance, subject) => ({
  method: 'GET',
  path: `${subject.collection}${chance.pick(['', '/fuzz', `/${encoded(chance)}`])}${selection(chance)}`,
  headers: { accept: chance.pick(accepts) },
})

const remove: Family = (chance, subject) => {
  const options = {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    gracePeriodSeconds: 0,
    preconditions: { uid: 'x' },
  }
  const text = Buffer.from(JSON.stringify(mutateJson(chance, options)))
  return write('DELETE', subject, json, text, query(chance), chance.pick(['/fuzz', '']) || '/fuzz')
}

const whole: Family = (chance, subject) => {
  const type = chance.pick([
    ...[json, 'application/yaml', 'application/vnd.kubernetes.protobuf', cbor, ...patchTypes],
  ])
  const method = type.includes('patch') ? 'PATCH' : 'POST'
  const body = Buffer.from(chance.pick(hostileBodies))
  return write(method, subject, type, body, '', method === 'PATCH' ? '/fuzz' : '')
}

const elsewhere: Family = (chance, subject) => ({
  method: chance.pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']),
  path: `${chance.pick(['/api', '/apis', '/openapi', '/version', subject.collection])}/${encoded(chance)}${selection(chance)}`,
  headers: { accept: chance.pick(accepts), 'content-type': chance.pick([json, 'x/y', 'application/;;']) },
})

const families: readonly Family[] = [
  ...[
    createJson,
    createJson,
    createYaml,
    createProtobuf,
    createCbor,
    applyCbor,
    page,
    expressions,
    replace,
    patch,
    patch,
    read,
    remove,
    whole,
    elsewhere,
  ],
]

const accepts = [
  ...[
    json,
    cbor,
    'application/vnd.kubernetes.protobuf',
    'application/yaml',
    '*/*',
    'text/plain',
    ';;;',
    'a/b;q=x',
  ],
  'application/json;as=Table;g=meta.k8s.io;v=v1',
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  'application/json;as=Table;g=meta.k8s.io;v=v99',
]

function named(chance: Dice, object: KubeObject): KubeObject {
  return chance.chance(0.3) ? { ...object, metadata: { generateName: 'fuzz-' } } : object
}

function write(
  method: string,
  { collection }: Subject,
  type: string,
  body: Uint8Array,
  query: string,
  below = '',
): FuzzRequest {
  return {
    method,
    path: `${collection}${below}${query}`,
    headers: { 'content-type': type, accept: json },
    body,
  }
}

function operations(chance: Dice): unknown {
  const pointer = () =>
    chance.pick([
      '',
      '/metadata/labels/a',
      '/spec',
      '/metadata/name',
      `/${chance.pick(hostileTexts)}`,
      '/a/-/b',
    ])
  const list = Array.from({ length: 1 + chance.number(4) }, () => ({
    op: chance.pick(['add', 'remove', 'replace', 'move', 'copy', 'test', 'nope']),
    path: pointer(),
    from: pointer(),
    value: chance.pick([null, 1, 'x', { a: 1 }, [1, 2]]),
  }))
  return chance.chance(0.2) ? mutateJson(chance, list) : list
}

function encoded(chance: Dice): string {
  const text = chance.pick(hostileTexts)
  return chance.chance(0.8)
    ? encodeURIComponent(text.toWellFormed())
    : text.replaceAll(/[^\x21-\x7e]|[#?]/g, '%zz')
}

/** Never a watch without an end. */
function selection(chance: Dice): string {
  const names = [
    ...['labelSelector', 'fieldSelector', 'continue', 'limit', 'resourceVersion', 'resourceVersionMatch'],
    ...['includeObject', 'pretty', 'timeoutSeconds', '__proto__', 'constructor', 'toString'],
  ]
  const count = chance.number(4)
  const pairs = Array.from({ length: count }, () => `${chance.pick(names)}=${encoded(chance)}`)
  return pairs.length > 0 ? `?${pairs.join('&')}` : ''
}

function query(chance: Dice): string {
  const names = [
    'dryRun',
    'fieldManager',
    'fieldValidation',
    'propagationPolicy',
    'gracePeriodSeconds',
    'force',
  ]
  const values = ['All', 'Strict', 'Warn', 'x', '-1', '', 'true', encoded(chance)]
  if (chance.chance(0.4)) return '?dryRun=All'
  return chance.chance(0.3) ? `?${chance.pick(names)}=${chance.pick(values)}` : ''
}

import type { Resource, Subresource, Verb } from '../../api/define.ts'
import { patchTypes } from '../../client/transport.ts'
import { verbParameters } from './parameters.ts'
import type { JsonSchema } from './schema-json.ts'
import { article, groupWord, pascal, versionTag } from './words.ts'

/** Writes parameters, bodies and answers in the words of one OpenAPI version. */
export interface Dialect {
  parameter(name: string, place: 'query' | 'path'): JsonSchema
  /** Members of an operation that is sent `schema`. */
  body(schema: JsonSchema, contentTypes: readonly string[], required: boolean): JsonSchema
  response(description: string, schema: JsonSchema, contentTypes: readonly string[]): JsonSchema
  /** What every operation says besides. */
  common(produces: readonly string[], consumes: readonly string[]): JsonSchema
}

/** Where the types of a resource's requests are defined. */
export interface Shapes {
  readonly object: JsonSchema
  readonly list: JsonSchema
  readonly status: JsonSchema
  readonly patch: JsonSchema
  readonly deleteOptions: JsonSchema
  readonly watchEvent: JsonSchema
  /** The body of a subresource of another kind. */
  kind(subresource: Subresource): JsonSchema
}

const text = ['application/json', 'application/yaml']
const plain = [...text, 'application/vnd.kubernetes.protobuf']
/** The encodings of a list, which can be watched. */
export const streamed = [
  ...plain,
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
]

interface Operation {
  readonly verb: Verb
  /** `list`, `create`, `read`: how operation ids begin. */
  readonly word: string
  readonly action: string
  readonly method: string
  readonly describe: (kind: string) => string
}

const operations: Readonly<Record<Exclude<Verb, 'watch'>, Omit<Operation, 'verb'>>> = {
  list: {
    word: 'list',
    action: 'list',
    method: 'get',
    describe: kind => `list or watch objects of kind ${kind}`,
  },
  create: {
    word: 'create',
    action: 'post',
    method: 'post',
    describe: kind => `create ${article(kind)} ${kind}`,
  },
  deletecollection: {
    word: 'delete',
    action: 'deletecollection',
    method: 'delete',
    describe: kind => `delete collection of ${kind}`,
  },
  get: { word: 'read', action: 'get', method: 'get', describe: kind => `read the specified ${kind}` },
  update: {
    word: 'replace',
    action: 'put',
    method: 'put',
    describe: kind => `replace the specified ${kind}`,
  },
  delete: {
    word: 'delete',
    action: 'delete',
    method: 'delete',
    describe: kind => `delete ${article(kind)} ${kind}`,
  },
  patch: {
    word: 'patch',
    action: 'patch',
    method: 'patch',
    describe: kind => `partially update the specified ${kind}`,
  },
}

/** What the operations of one resource are written with. */
export interface Writer {
  readonly resource: Resource
  readonly shapes: Shapes
  readonly dialect: Dialect
}

/** An operation on a kind's objects; `everywhere`: on those of all namespaces. */
export function mainOperation(writer: Writer, verb: Exclude<Verb, 'watch'>, everywhere: boolean): JsonSchema {
  const { resource } = writer
  const { group, version, kind, namespaced } = resource
  const { word, describe } = operations[verb]
  const scope = namespaced && !everywhere ? 'Namespaced' : ''
  const collection = verb === 'deletecollection' ? 'Collection' : ''
  const suffix = everywhere ? 'ForAllNamespaces' : ''
  const operationId = `${word}${groupWord(group)}${pascal(version)}${collection}${scope}${kind}${suffix}`
  return operation(writer, { verb, operationId, description: describe(kind), shape: shapeOf(writer, verb) })
}

function shapeOf({ shapes, resource }: Writer, verb: Verb): JsonSchema {
  if (verb === 'list') return shapes.list
  const isRemoval = verb === 'delete' || verb === 'deletecollection'
  if (!isRemoval) return shapes.object
  const { returnsDeletedObject, tellsDeletedObject = returnsDeletedObject } = resource.strategy
  return verb === 'delete' && tellsDeletedObject ? shapes.object : shapes.status
}

interface Facts {
  readonly verb: Exclude<Verb, 'watch'>
  readonly operationId: string
  readonly description: string
  /** Of the answer, and of what is sent. */
  readonly shape: JsonSchema
  readonly gvk?: JsonSchema
  /** Types of answers before those of every kind. */
  readonly produces?: readonly string[]
}

/** One operation under its method. */
export function operation({ resource, shapes, dialect }: Writer, facts: Facts): JsonSchema {
  const { verb, operationId, description, shape, gvk } = facts
  const { group, version, kind } = resource
  const { method, action } = operations[verb]
  const rules = resource.custom ? ofCustomKinds : ofBuiltinKinds
  const produces = [...(facts.produces ?? []), ...rules.produces(verb)]
  const consumes = verb === 'patch' ? rules.patchTypes : rules.consumes
  const body = rules.bodiless.has(verb) ? {} : bodyOf(verb, shape, { shapes, dialect, consumes })
  const parameters = [
    ...((body.parameters as JsonSchema[]) ?? []),
    ...rules.parameters[verb].toSorted().map(name => dialect.parameter(name, 'query')),
  ]
  return {
    [method]: {
      ...dialect.common(produces, consumes),
      tags: [versionTag(resource)],
      description,
      operationId,
      ...body,
      ...(parameters.length > 0 && { parameters }),
      responses: responsesOf(rules.codes[verb], shape, { dialect, produces }),
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': (rules.namesOthers && gvk) || { group, version, kind },
    },
  }
}

/** How operations are told of. */
interface Rules {
  readonly produces: (verb: Verb) => readonly string[]
  readonly consumes: readonly string[]
  /** kubectl looks here whether it may send a strategic merge. */
  readonly patchTypes: readonly string[]
  readonly parameters: Readonly<Record<Verb, readonly string[]>>
  readonly codes: Readonly<Partial<Record<Verb, readonly number[]>>>
  /** What could be sent a body and does not say so. */
  readonly bodiless: ReadonlySet<Verb>
  /** Subresources of another kind are said to be of that one. */
  readonly namesOthers: boolean
}

const codes: Readonly<Partial<Record<Verb, readonly number[]>>> = {
  create: [200, 201, 202],
  update: [200, 201],
  patch: [200, 201],
  delete: [200, 202],
}

const ofBuiltinKinds: Rules = {
  produces: verb => (verb === 'list' ? streamed : plain),
  consumes: ['*/*'],
  patchTypes,
  parameters: verbParameters,
  codes,
  bodiless: new Set(),
  namesOthers: true,
}

/** Upstream has a writer of its own for these (apiextensions-apiserver controller/openapi/builder). */
const ofCustomKinds: Rules = {
  produces: () => text,
  consumes: text,
  patchTypes: patchTypes.filter(type => !type.includes('strategic')),
  parameters: { ...verbParameters, get: ['resourceVersion'], deletecollection: verbParameters.list },
  codes: { ...codes, patch: [200] },
  bodiless: new Set<Verb>(['deletecollection']),
  namesOthers: false,
}

function bodyOf(
  verb: Verb,
  shape: JsonSchema,
  { shapes, dialect, consumes }: { shapes: Shapes; dialect: Dialect; consumes: readonly string[] },
): JsonSchema {
  if (verb === 'patch') return dialect.body(shapes.patch, consumes, true)
  if (verb === 'create' || verb === 'update') return dialect.body(shape, consumes, true)
  if (verb === 'delete' || verb === 'deletecollection')
    return dialect.body(shapes.deleteOptions, consumes, false)
  return {}
}

const words: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' }

/** The answers to an operation, by their codes; one that says none has 200. */
export function responsesOf(
  codes: readonly number[] | undefined,
  shape: JsonSchema,
  { dialect, produces }: { dialect: Dialect; produces: readonly string[] },
): JsonSchema {
  const answered = (codes ?? [200]).map(code => [code, dialect.response(words[code]!, shape, produces)])
  return { ...Object.fromEntries(answered), 401: { description: 'Unauthorized' } }
}

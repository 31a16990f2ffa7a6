import type { Resource, Subresource, Verb } from '../../api/define.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import { connectorParameters, parameterType, verbParameters } from './parameters.ts'
import type { JsonSchema } from './schema-json.ts'

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

export type PathItems = { [path: string]: JsonSchema }

const text = ['application/json', 'application/yaml']
const plain = [...text, 'application/vnd.kubernetes.protobuf']
const streamed = [
  ...plain,
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
]
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
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

function article(kind: string): string {
  return /^[AEIOU]/.test(kind) ? 'an' : 'a'
}

/** `v1beta1` → `V1beta1`, `example.com` → `ExampleCom`. */
export function pascal(name: string): string {
  return name.replace(/(?:^|[^a-zA-Z0-9])([a-z0-9])/g, (_, first: string) => first.toUpperCase())
}

/** `apps` → `Apps`, `rbac.authorization.k8s.io` → `RbacAuthorization`, `example.com` → `ExampleCom`. */
export function groupWord(group: string): string {
  return group === '' ? 'Core' : pascal(group.replace(/\.k8s\.io$/, ''))
}

/** `rbac.authorization.k8s.io` → `rbacAuthorization`. */
export function groupTag(group: string): string {
  const word = groupWord(group)
  return word[0]!.toLowerCase() + word.slice(1)
}

/** `apps_v1` */
export function versionTag({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return `${groupTag(group)}_${version}`
}

interface Writer {
  readonly resource: Resource
  readonly shapes: Shapes
  readonly dialect: Dialect
}

/** All paths of one resource, as a stock server lists them. */
export function pathsOf(resource: Resource, shapes: Shapes, dialect: Dialect): PathItems {
  const { plural, namespaced, verbs } = resource
  const root = `${resource.group === '' ? '/api' : '/apis'}/${toApiVersion(resource.group, resource.version)}`
  const scope = namespaced ? `${root}/namespaces/{namespace}` : root
  const writer = { resource, shapes, dialect }
  const paths: PathItems = {}
  const add = (path: string, found: JsonSchema) => {
    if (Object.keys(found).length > 0) paths[path] = withPathParameters(path, found, dialect)
  }
  const known = (...wanted: Exclude<Verb, 'watch'>[]) => wanted.filter(verb => verbs.includes(verb))
  const main = (wanted: readonly Exclude<Verb, 'watch'>[], everywhere = false) =>
    Object.assign({}, ...wanted.map(verb => mainOperation(writer, verb, everywhere))) as JsonSchema
  add(`${scope}/${plural}`, main(known('list', 'create', 'deletecollection')))
  add(`${scope}/${plural}/{name}`, main(known('get', 'update', 'delete', 'patch')))
  if (namespaced) {
    const hasAll = verbs.includes('list')
    // Reviews and the like can be made without saying where, others listed everywhere.
    add(`${root}/${plural}`, main(hasAll ? ['list'] : [], true))
  }
  for (const subresource of resource.subresources) {
    const path = `${scope}/${plural}/{name}/${subresource.name}`
    const found = subresourceOperations(writer, subresource, '')
    add(path, found)
    if (subresource.name === 'proxy')
      add(`${path}/{path}`, subresourceOperations(writer, subresource, 'WithPath'))
  }
  if (verbs.includes('watch') && !resource.custom) addWatches(writer, { root, scope }, add)
  return paths
}

function withPathParameters(path: string, found: JsonSchema, dialect: Dialect): JsonSchema {
  const isConnect = Object.values(found).some(
    operation => (operation as JsonSchema)['x-kubernetes-action'] === 'connect',
  )
  const placed = ['name', 'namespace', 'path'].filter(name => path.includes(`{${name}}`))
  const parameters = placed.map(each => dialect.parameter(each, 'path'))
  if (!isConnect) parameters.push(dialect.parameter('pretty', 'query'))
  const all = Object.values(found) as { parameters?: JsonSchema[] }[]
  const queries = all.map(({ parameters: own = [] }) => own.filter(({ in: place }) => place === 'query'))
  const [first = []] = queries
  // What all operations of a path take stands with the path.
  const shared = first.filter(({ name }) => queries.every(own => own.some(each => each.name === name)))
  for (const operation of all) {
    const kept = operation.parameters?.filter(each => !shared.some(({ name }) => name === each.name))
    if (kept && kept.length > 0) operation.parameters = kept
    else delete operation.parameters
  }
  const listed = [...parameters, ...shared].toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1))
  return { ...found, parameters: listed }
}

function mainOperation(writer: Writer, verb: Exclude<Verb, 'watch'>, everywhere: boolean): JsonSchema {
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
  return verb === 'delete' && resource.strategy.returnsDeletedObject ? shapes.object : shapes.status
}

interface Facts {
  readonly verb: Exclude<Verb, 'watch'>
  readonly operationId: string
  readonly description: string
  /** Of the answer, and of what is sent. */
  readonly shape: JsonSchema
  readonly gvk?: JsonSchema
}

function operation({ resource, shapes, dialect }: Writer, facts: Facts): JsonSchema {
  const { verb, operationId, description, shape, gvk } = facts
  const { group, version, kind } = resource
  const { method, action } = operations[verb]
  const produces = resource.custom ? text : verb === 'list' ? streamed : plain
  // kubectl looks here whether it may send a strategic merge.
  const patches = resource.custom ? patchTypes.filter(type => !type.includes('strategic')) : patchTypes
  const consumes = verb === 'patch' ? patches : resource.custom ? text : ['*/*']
  const body = bodyOf(verb, shape, { shapes, dialect, consumes })
  const parameters = [
    ...((body.parameters as JsonSchema[]) ?? []),
    ...verbParameters[verb].toSorted().map(name => dialect.parameter(name, 'query')),
  ]
  return {
    [method]: {
      ...dialect.common(produces, consumes),
      tags: [versionTag(resource)],
      description,
      operationId,
      ...body,
      ...(parameters.length > 0 && { parameters }),
      responses: responsesOf(verb, shape, { dialect, produces }),
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': gvk ?? { group, version, kind },
    },
  }
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

const codes: Readonly<Partial<Record<Verb, readonly number[]>>> = {
  create: [200, 201, 202],
  update: [200, 201],
  patch: [200, 201],
  delete: [200, 202],
}
const words: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' }

function responsesOf(
  verb: Verb,
  shape: JsonSchema,
  { dialect, produces }: { dialect: Dialect; produces: readonly string[] },
): JsonSchema {
  const answered = (codes[verb] ?? [200]).map(code => [code, dialect.response(words[code]!, shape, produces)])
  return { ...Object.fromEntries(answered), 401: { description: 'Unauthorized' } }
}

const dataWords: Readonly<Partial<Record<Verb, readonly [verb: string, text: string]>>> = {
  get: ['read', 'read'],
  update: ['replace', 'replace'],
  patch: ['patch', 'partially update'],
  create: ['create', 'create'],
}
const connectMethods = ['delete', 'get', 'head', 'options', 'patch', 'post', 'put']

function subresourceOperations(writer: Writer, subresource: Subresource, suffix: string): JsonSchema {
  const { resource, shapes, dialect } = writer
  const { name, verbs, connector, kind: other } = subresource
  const isConnect = connector !== undefined && (name === 'proxy' || verbs.includes('get')) && name !== 'log'
  if (isConnect) return connectOperations(writer, subresource, suffix)
  const word = pascal(name)
  const base = `${groupWord(resource.group)}${pascal(resource.version)}${resource.namespaced ? 'Namespaced' : ''}${resource.kind}${word}`
  const found: JsonSchema = {}
  for (const verb of ['get', 'update', 'patch', 'create'] as const) {
    const [id, text] = dataWords[verb]!
    if (!verbs.includes(verb)) continue
    const description =
      verb === 'create'
        ? `create ${name} of ${article(resource.kind)} ${resource.kind}`
        : `${text} ${name} of the specified ${resource.kind}`
    const shape = other ? shapes.kind(subresource) : shapes.object
    Object.assign(
      found,
      operation(writer, {
        verb,
        operationId: `${id}${base}`,
        description,
        shape: name === 'log' ? { type: 'string' } : shape,
        ...(other && { gvk: { ...other } }),
      }),
    )
  }
  const own = connectorParameters(subresource)
  const get = found.get as { parameters?: JsonSchema[] } | undefined
  if (get && own.length > 0) get.parameters = own.map(each => dialect.parameter(each, 'query'))
  return found
}

/** exec, attach, port-forward and proxies: nothing is known about what goes over them. */
function connectOperations(
  { resource, dialect }: Writer,
  subresource: Subresource,
  suffix: string,
): JsonSchema {
  const { group, version, kind, namespaced } = resource
  const methods = subresource.name === 'proxy' ? connectMethods : ['get', 'post']
  const anything = ['*/*']
  const made = methods.map(method => [
    method,
    {
      ...dialect.common(anything, anything),
      tags: [versionTag(resource)],
      description: `connect ${method.toUpperCase()} requests to ${subresource.name} of ${kind}`,
      operationId: `connect${groupWord(group)}${pascal(version)}${pascal(method)}${namespaced ? 'Namespaced' : ''}${kind}${pascal(subresource.name)}${suffix}`,
      parameters: connectorParameters(subresource).map(name => dialect.parameter(name, 'query')),
      responses: {
        200: dialect.response('OK', { type: 'string' }, anything),
        401: { description: 'Unauthorized' },
      },
      'x-kubernetes-action': 'connect',
      'x-kubernetes-group-version-kind': { group, version, kind: subresource.kind?.kind ?? kind },
    },
  ])
  return Object.fromEntries(made) as JsonSchema
}

const deprecated = "deprecated: use the 'watch' parameter with a list operation instead"

/** The paths below `/watch/`, from before lists could be watched. */
function addWatches(
  writer: Writer,
  { root, scope }: { root: string; scope: string },
  add: (path: string, found: JsonSchema) => void,
): void {
  const { resource } = writer
  const { plural, namespaced, kind } = resource
  const below = scope.slice(root.length)
  const one = `watch changes to an object of kind ${kind}. ${deprecated}, filtered to a single item with the 'fieldSelector' parameter.`
  const many = `watch individual changes to a list of ${kind}. ${deprecated}.`
  const word = namespaced ? 'Namespaced' : ''
  const paths: [path: string, id: string, action: string, text: string][] = [
    [`${root}/watch${below}/${plural}`, `${word}${kind}List`, 'watchlist', many],
    [`${root}/watch${below}/${plural}/{name}`, `${word}${kind}`, 'watch', one],
  ]
  if (namespaced) paths.push([`${root}/watch/${plural}`, `${kind}ListForAllNamespaces`, 'watchlist', many])
  for (const [path, id, action, description] of paths) {
    if (path.endsWith('{name}') && !resource.verbs.includes('get')) continue
    add(path, { get: watchOperation(writer, { id, action, description }) })
  }
}

function watchOperation(
  { resource, shapes, dialect }: Writer,
  { id, action, description }: { id: string; action: string; description: string },
): JsonSchema {
  const { group, version, kind } = resource
  return {
    ...dialect.common(streamed, ['*/*']),
    tags: [versionTag(resource)],
    description,
    operationId: `watch${groupWord(group)}${pascal(version)}${id}`,
    parameters: verbParameters.watch.toSorted().map(name => dialect.parameter(name, 'query')),
    responses: responsesOf('watch', shapes.watchEvent, { dialect, produces: streamed }),
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  }
}

/** Whether a parameter takes more than one value is said of each alike. */
export function typeOfParameter(name: string): JsonSchema {
  return { ...parameterType(name), uniqueItems: true }
}

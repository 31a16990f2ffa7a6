import type { Resource, Subresource, Verb } from '../../api/define.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { JsonSchema } from './schema-json.ts'

type Method = 'get' | 'put' | 'post' | 'patch' | 'delete'

const text = { type: 'string' }
const flag = { type: 'boolean' }
const number = { type: 'integer' }

const queryTypes: Readonly<Record<string, JsonSchema>> = {
  pretty: text,
  dryRun: text,
  fieldManager: text,
  fieldValidation: text,
  force: flag,
  gracePeriodSeconds: number,
  orphanDependents: flag,
  propagationPolicy: text,
  labelSelector: text,
  fieldSelector: text,
  resourceVersion: text,
  resourceVersionMatch: text,
  limit: number,
  continue: text,
  timeoutSeconds: number,
  allowWatchBookmarks: flag,
  sendInitialEvents: flag,
  watch: flag,
}

const writes = ['pretty', 'dryRun', 'fieldManager', 'fieldValidation']
const selects = [
  'pretty',
  'labelSelector',
  'fieldSelector',
  'resourceVersion',
  'resourceVersionMatch',
  'limit',
  'continue',
]
const streams = [...selects, 'timeoutSeconds', 'allowWatchBookmarks', 'sendInitialEvents', 'watch']
const deletes = ['pretty', 'dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy']

interface OperationFacts {
  readonly method: Method
  readonly action: string
  readonly parameters: readonly string[]
}

const operations: Readonly<Record<Verb, OperationFacts>> = {
  get: { method: 'get', action: 'get', parameters: ['pretty'] },
  list: { method: 'get', action: 'list', parameters: streams },
  watch: { method: 'get', action: 'list', parameters: streams },
  create: { method: 'post', action: 'post', parameters: writes },
  update: { method: 'put', action: 'put', parameters: writes },
  patch: { method: 'patch', action: 'patch', parameters: [...writes, 'force'] },
  delete: { method: 'delete', action: 'delete', parameters: deletes },
  deletecollection: {
    method: 'delete',
    action: 'deletecollection',
    parameters: [...selects, ...deletes.slice(1)],
  },
}

const collectionVerbs: readonly Verb[] = ['list', 'create', 'deletecollection']
const objectVerbs: readonly Verb[] = ['get', 'update', 'patch', 'delete']
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]

/** Writes parameters and bodies in the words of one OpenAPI version. */
export interface Dialect {
  parameter(name: string, place: 'query' | 'path', schema: JsonSchema): JsonSchema
  body(schema: JsonSchema, contentTypes: readonly string[]): JsonSchema
  response(schema: JsonSchema): JsonSchema
}

/** Where a resource's object, list and kind are defined. */
export interface Shapes {
  readonly object: JsonSchema
  readonly list: JsonSchema
}

/** All paths of one resource. */
export function pathsOf(
  resource: Resource,
  shapes: Shapes,
  dialect: Dialect,
): { [path: string]: JsonSchema } {
  const { plural, namespaced, verbs } = resource
  const root = `${resource.group === '' ? '/api' : '/apis'}/${toApiVersion(resource.group, resource.version)}`
  const scope = namespaced ? `${root}/namespaces/{namespace}` : root
  const paths: { [path: string]: JsonSchema } = {}
  const add = (path: string, allowed: readonly Verb[], kind = resource.kind) => {
    const known = operationsOf({ ...resource, kind }, allowed, shapes, dialect)
    if (Object.keys(known).length === 0) return
    const placed = ['namespace', 'name'].filter(name => path.includes(`{${name}}`))
    paths[path] = { ...known, parameters: placed.map(name => dialect.parameter(name, 'path', text)) }
  }
  const only = (wanted: readonly Verb[]) => wanted.filter(verb => verbs.includes(verb))
  add(`${scope}/${plural}`, only(collectionVerbs))
  add(`${scope}/${plural}/{name}`, only(objectVerbs))
  if (namespaced) add(`${root}/${plural}`, only(['list']))
  for (const subresource of resource.subresources.filter(isData)) {
    add(
      `${scope}/${plural}/{name}/${subresource.name}`,
      subresource.verbs.filter(verb => objectVerbs.includes(verb)),
    )
  }
  return paths
}

function isData({ connector, kind }: Subresource): boolean {
  return connector === undefined && !kind
}

function operationsOf(
  resource: Resource,
  verbs: readonly Verb[],
  shapes: Shapes,
  dialect: Dialect,
): JsonSchema {
  const { group, version, kind } = resource
  const found: JsonSchema = {}
  for (const verb of verbs) {
    const { method, action, parameters } = operations[verb]
    found[method] = {
      operationId: `${action}${pascal(group)}${pascal(version)}${kind}`,
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': { group, version, kind },
      parameters: parameters.map(name => dialect.parameter(name, 'query', queryTypes[name]!)),
      ...bodyOf(verb, resource, shapes, dialect),
      responses: { 200: dialect.response(verb === 'list' ? shapes.list : shapes.object) },
    }
  }
  return found
}

function bodyOf(verb: Verb, { custom }: Resource, shapes: Shapes, dialect: Dialect): JsonSchema {
  // kubectl looks here whether it may send a strategic merge.
  const types = custom ? patchTypes.filter(type => !type.includes('strategic')) : patchTypes
  if (verb === 'patch') return dialect.body({ type: 'object' }, types)
  return verb === 'create' || verb === 'update' ? dialect.body(shapes.object, ['*/*']) : {}
}

function pascal(name: string): string {
  return name.replace(/(?:^|[^a-z0-9])([a-z0-9])/g, (_, first: string) => first.toUpperCase())
}

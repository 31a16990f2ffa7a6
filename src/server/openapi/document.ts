import type { Resource } from '../../api/define.ts'
import { type Dialect, pathsOf, type Shapes } from './operations.ts'
import { Definitions, definitionName, type JsonSchema } from './schema-json.ts'

/** The OpenAPI schema that a custom resource was defined with; undefined for built-in kinds. */
export type CustomSchemas = (resource: Resource) => JsonSchema | undefined

export interface DocumentOptions {
  readonly version: string
  readonly custom: CustomSchemas
}

const info = (version: string) => ({ title: 'Kubernetes', version })

/** OpenAPI v3 of one group and version. */
export function toOpenApiV3(resources: readonly Resource[], options: DocumentOptions): JsonSchema {
  const definitions = new Definitions('#/components/schemas/')
  const paths = allPaths(resources, definitions, v3Dialect, options.custom)
  return {
    openapi: '3.0.0',
    info: info(options.version),
    paths,
    components: { schemas: definitions.schemas },
  }
}

/** OpenAPI v2 (swagger) of everything. */
export function toOpenApiV2(resources: readonly Resource[], options: DocumentOptions): JsonSchema {
  const definitions = new Definitions('#/definitions/')
  const paths = allPaths(resources, definitions, v2Dialect, options.custom)
  return { swagger: '2.0', info: info(options.version), paths, definitions: definitions.schemas }
}

function allPaths(
  resources: readonly Resource[],
  definitions: Definitions,
  dialect: Dialect,
  custom: CustomSchemas,
): JsonSchema {
  const paths: JsonSchema = {}
  for (const resource of resources) {
    Object.assign(paths, pathsOf(resource, shapesOf(resource, definitions, custom(resource)), dialect))
  }
  return paths
}

function shapesOf(resource: Resource, definitions: Definitions, custom: JsonSchema | undefined): Shapes {
  const object = custom ? customObject(resource, definitions, custom) : definitions.refer(resource.schema)
  const { group, version, kind, listKind } = resource
  const name = String(object.$ref).split('/').at(-1)!
  mark(definitions, name, { group, version, kind })
  if (!resource.verbs.includes('list')) return { object, list: object }
  const listName = `${name.slice(0, -kind.length)}${listKind}`
  const metadata = {
    $ref: String(object.$ref).replace(name, 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta'),
  }
  const list = definitions.define(listName, {
    type: 'object',
    required: ['items'],
    properties: { apiVersion: text, kind: text, metadata, items: { type: 'array', items: object } },
    'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }],
  })
  definitions.define('io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta', listMeta)
  return { object, list }
}

const text = { type: 'string' }
const listMeta = {
  type: 'object',
  properties: {
    continue: text,
    remainingItemCount: { type: 'integer', format: 'int64' },
    resourceVersion: text,
    selfLink: text,
  },
}

function mark(definitions: Definitions, name: string, gvk: object): void {
  const schema = definitions.schemas[name]!
  const known = (schema['x-kubernetes-group-version-kind'] ?? []) as object[]
  schema['x-kubernetes-group-version-kind'] = [...known, gvk]
}

/** `example.com/v1 Widget` → `com.example.v1.Widget`. */
function customObject(resource: Resource, definitions: Definitions, schema: JsonSchema): JsonSchema {
  const name = definitionName(`${resource.group}/${resource.version}.${resource.kind}`)
  const { properties } = schema as { properties?: JsonSchema }
  const { metadata: _metadata, ...rest } = properties ?? {}
  const meta = resource.schema.fields.get('metadata')?.schema
  const described =
    meta?.kind === 'object' && meta.name !== undefined ? definitions.refer(meta) : { type: 'object' }
  return definitions.define(name, {
    ...schema,
    properties: { apiVersion: text, kind: text, metadata: described, ...rest },
  })
}

const v3Dialect: Dialect = {
  parameter: (name, place, schema) => ({
    name,
    in: place,
    ...(place === 'path' && { required: true }),
    schema: { ...schema, uniqueItems: true },
  }),
  body: (schema, types) => ({ requestBody: { required: true, content: contentOf(types, schema) } }),
  response: schema => ({ description: 'OK', content: contentOf(['application/json'], schema) }),
}

function contentOf(types: readonly string[], schema: JsonSchema): JsonSchema {
  return Object.fromEntries(types.map(type => [type, { schema }]))
}

const v2Dialect: Dialect = {
  parameter: (name, place, schema) => ({
    name,
    in: place,
    ...(place === 'path' && { required: true }),
    uniqueItems: true,
    ...schema,
  }),
  body: (_schema, types) => ({ consumes: types }),
  response: schema => ({ description: 'OK', schema }),
}

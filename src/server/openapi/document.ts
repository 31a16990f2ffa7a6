import type { Resource, Subresource } from '../../api/define.ts'
import { facts } from '../../api/schema/index.ts'
import { metaSchema } from '../../api/schema/meta-schema.ts'
import type { Steps } from '../../std/turns.ts'
import { defineCustom, selectableOf } from './custom-schema.ts'
import type { Descriptions } from './descriptions.ts'
import { describeDocument } from './descriptions.ts'
import { clientVersions, serverVersions } from './known-versions.ts'
import type { Dialect, Shapes } from './operations.ts'
import { type Page, pagePaths, pagesOf, versionPages } from './pages.ts'
import { parameterType } from './parameters.ts'
import { type PathItems, pathsOf } from './paths.ts'
import { Definitions, type JsonSchema } from './schema-json.ts'

/** The OpenAPI schema that a custom resource was defined with; undefined for built-in kinds. */
export type CustomSchemas = (resource: Resource) => JsonSchema | undefined

export interface DocumentOptions {
  /** `v1.35.4` */
  readonly version: string
  readonly custom: CustomSchemas
  /** What upstream says about types, fields and parameters; absent: they go without. */
  readonly descriptions?: Descriptions
}

/** `1.35`, as documents name the API. */
const info = (version: string) => ({
  title: 'Kubernetes',
  version: version.replace(/^v/, '').split('.').slice(0, 2).join('.'),
})
const customInfo = { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' }
const bearer = {
  BearerToken: {
    description: 'Bearer Token authentication',
    type: 'apiKey',
    name: 'authorization',
    in: 'header',
  },
}

/** A document in the making: it takes a while, so that others may have their turn after each step. */
export type Making = Steps<JsonSchema>

/** OpenAPI v3 of one group and version. */
export function* makeOpenApiV3(resources: readonly Resource[], options: DocumentOptions): Making {
  const definitions = new Definitions('v3')
  const paths = yield* allPaths(resources, definitions, v3Dialect, options.custom)
  const isOfCustom = resources.some(isCustom)
  const document = {
    openapi: '3.0.0',
    info: isOfCustom ? customInfo : info(options.version),
    paths: sorted(paths),
    // Upstream's documents of custom kinds do not say how to sign in.
    components: {
      schemas: sorted(definitions.schemas),
      ...(!isOfCustom && { securitySchemes: bearer }),
    },
  }
  return describeDocument(document, definitions.schemas, options.descriptions)
}

/** OpenAPI v3 of a page that is no resource. */
export function* makePageDocument(page: Page, { version, descriptions }: DocumentOptions): Making {
  yield
  const definitions = new Definitions('v3')
  const paths = pagePaths([page], definitions, v3Dialect)
  markKinds(definitions, false)
  const { schemas } = definitions
  const components = { ...(Object.keys(schemas).length > 0 && { schemas }), securitySchemes: bearer }
  return describeDocument({ openapi: '3.0.0', info: info(version), paths, components }, schemas, descriptions)
}

/** OpenAPI v2 (swagger) of everything. */
export function* makeOpenApiV2(resources: readonly Resource[], options: DocumentOptions): Making {
  const definitions = new Definitions('v2')
  const pages = pagePaths(pagesOf(resources).values(), definitions, v2Dialect)
  const paths = { ...pages, ...(yield* allPaths(resources, definitions, v2Dialect, options.custom)) }
  yield
  const document = {
    swagger: '2.0',
    info: info(options.version),
    paths: sorted(paths),
    definitions: sorted(definitions.schemas),
    securityDefinitions: bearer,
    security: [{ BearerToken: [] }],
  }
  const described = describeDocument(document, definitions.schemas, options.descriptions)
  yield
  return { ...described, parameters: shareParameters(paths) }
}

function* allPaths(
  resources: readonly Resource[],
  definitions: Definitions,
  dialect: Dialect,
  custom: CustomSchemas,
): Steps<PathItems> {
  const paths = pagePaths(versionPages(resources), definitions, dialect)
  for (const resource of resources) {
    Object.assign(paths, pathsOf(resource, shapesOf(resource, definitions, custom(resource)), dialect))
    yield
  }
  markKinds(definitions, definitions.version === 'v3' && resources.some(isCustom))
  return paths
}

const isCustom = ({ custom }: Resource) => custom !== undefined

/** Version 2 says once what many operations take; changes `paths` in place, answers what is shared. */
function shareParameters(paths: PathItems): JsonSchema {
  const shared: JsonSchema = {}
  const share = (parameter: JsonSchema): JsonSchema => {
    if (parameter.in === 'body') return parameter
    const key = `${parameter.name}-${parameter.in}`
    shared[key] ??= parameter
    return { $ref: `#/parameters/${key}` }
  }
  for (const item of Object.values(paths))
    for (const holder of [item, ...Object.values(item)] as { parameters?: JsonSchema[] }[])
      if (holder.parameters) holder.parameters = holder.parameters.map(share)
  return shared
}

function shapesOf(resource: Resource, definitions: Definitions, custom: JsonSchema | undefined): Shapes {
  const object = custom ? defineCustom(resource, definitions, custom) : definitions.refer(resource.schema)
  const { group, version, kind } = resource
  const name = String(object.$ref).split('/').at(-1)!
  mark(definitions, name, { group, version, kind })
  return {
    object,
    list: listOf(resource, definitions, object, name),
    get status() {
      return definitions.refer(metaSchema('Status'))
    },
    get patch() {
      return definitions.define('io.k8s.apimachinery.pkg.apis.meta.v1.Patch', { type: 'object' })
    },
    get deleteOptions() {
      return definitions.refer(metaSchema('DeleteOptions'))
    },
    get watchEvent() {
      return definitions.refer(metaSchema('WatchEvent'))
    },
    kind: subresource => ofKind(subresource, definitions) ?? object,
  }
}

function ofKind({ kind }: Subresource, definitions: Definitions): JsonSchema | undefined {
  const schema = kind && facts.kindSchema(kind.group, kind.version, kind.kind)
  if (!schema) return undefined
  const reference = definitions.refer(schema)
  mark(definitions, String(reference.$ref).split('/').at(-1)!, { ...kind })
  return reference
}

function listOf(resource: Resource, definitions: Definitions, object: JsonSchema, name: string): JsonSchema {
  const { group, version, kind, listKind, verbs, custom, selectableFields } = resource
  if (!verbs.includes('list')) return object
  const meta = definitions.refer(metaSchema('ListMeta'))
  const items = { type: 'array', items: custom ? object : definitions.filled(object, {}) }
  const bare = definitions.version === 'v2' ? meta : { allOf: [meta] }
  return definitions.define(`${name.slice(0, -kind.length)}${listKind}`, {
    ...(custom && { description: `${listKind} is a list of ${kind}`, ...selectableOf(selectableFields) }),
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: text,
      items,
      kind: text,
      metadata: custom ? bare : definitions.filled(meta, {}),
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }],
  })
}

const text = { type: 'string' }

interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

function mark(definitions: Definitions, name: string, gvk: Kind): void {
  const schema = definitions.schemas[name]!
  const known = (schema['x-kubernetes-group-version-kind'] ?? []) as Kind[]
  const isKnown = known.some(each => each.kind === gvk.kind && sameVersion(each, gvk))
  if (!isKnown) schema['x-kubernetes-group-version-kind'] = [...known, { ...gvk }]
}

function sameVersion(a: Kind, b: Kind): boolean {
  return a.group === b.group && a.version === b.version
}

const everywhere = ['Status', 'DeleteOptions', 'WatchEvent']

/** Kinds that a document shows beside its own, and those that every group has. */
function markKinds(definitions: Definitions, isOfCustom: boolean): void {
  for (const { group, version, kind } of facts.kinds()) {
    const schema = facts.kindSchema(group, version, kind)
    if (!schema?.name) continue
    const name = definitions.nameOf(schema)
    if (definitions.schemas[name]) mark(definitions, name, { group, version, kind })
  }
  const versions = isOfCustom ? clientVersions : serverVersions
  for (const schema of Object.values(definitions.schemas)) sortKinds(schema)
  for (const kind of everywhere) {
    const name = definitions.nameOf(metaSchema(kind))
    if (!definitions.schemas[name]) continue
    const all = kind === 'Status' ? [{ group: '', version: 'v1' }] : versions
    for (const version of all) mark(definitions, name, { ...version, kind })
    sortKinds(definitions.schemas[name])
  }
}

function sortKinds(schema: JsonSchema): void {
  const kinds = schema['x-kubernetes-group-version-kind'] as Kind[] | undefined
  kinds?.sort((a, b) => (`${a.group}/${a.version}` < `${b.group}/${b.version}` ? -1 : 1))
}

/** As a map of Go is written. */
function sorted<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const v3Dialect: Dialect = {
  parameter: (name, place) => ({
    name,
    in: place,
    ...(place === 'path' && { required: true }),
    schema: parameterType(name),
  }),
  body: (schema, types, required) => ({
    requestBody: { ...(required && { required: true }), content: contentOf(types, schema) },
  }),
  response: (description, schema, types) => ({ description, content: contentOf(types, schema) }),
  common: () => ({}),
}

function contentOf(types: readonly string[], schema: JsonSchema): JsonSchema {
  return Object.fromEntries(types.toSorted().map(type => [type, { schema }]))
}

const v2Dialect: Dialect = {
  parameter: (name, place) => ({
    ...parameterType(name),
    name,
    in: place,
    ...(place === 'path' && { required: true }),
  }),
  body: (schema, _types, required) => ({
    parameters: [{ name: 'body', in: 'body', ...(required && { required: true }), schema }],
  }),
  response: (description, schema) => ({ description, schema }),
  common: (produces, consumes) => ({
    ...(consumes.length > 0 && { consumes: [...consumes] }),
    produces: [...produces],
    schemes: ['https'],
  }),
}

import type { Answer } from './case.ts'

type Json = Readonly<Record<string, unknown>>

/** How a document is kept is each server's own affair. */
const told = ['content-type', 'location', 'vary']

/**
 * What a client learns from an OpenAPI document, of either version: paths, operations with their parameters and
 * responses, types with all that they say of their fields. How the document names its parameters, and its prose, are no
 * part of that.
 */
export function documentView({ status, headers, body }: Answer): Answer {
  const kept = Object.fromEntries(
    told.flatMap(name =>
      headers[name] ? [[name, headers[name].replace(/hash=[0-9A-F]{128}$/, 'hash=<digest>')]] : [],
    ),
  )
  const document = body as Json
  const isDocument = typeof document === 'object' && document !== null && 'paths' in document
  const isIndex = isDocument && !('info' in document)
  return { status, headers: kept, body: isDocument && !isIndex ? viewOf(document) : body }
}

function viewOf(document: Json): Json {
  const components = (document.components ?? {}) as Json
  const types = (document.definitions ?? components.schemas ?? {}) as Record<string, Json>
  const parameters = (document.parameters ?? {}) as Record<string, Json>
  const security = (document.securityDefinitions ?? components.securitySchemes ?? {}) as Json
  const paths = Object.entries(document.paths as Record<string, Json>)
  return {
    info: document.info,
    security: Object.keys(security),
    paths: Object.fromEntries(paths.map(([path, item]) => [path, pathView(item, parameters)])),
    types: Object.fromEntries(Object.entries(types).map(([name, type]) => [name, typeView(type)])),
  }
}

function pathView({ parameters = [], ...operations }: Json, known: Record<string, Json>): Json {
  const shared = parametersView(parameters as Json[], known)
  const methods = Object.entries(operations as Record<string, Json>).map(([method, operation]) => [
    method,
    {
      id: operation.operationId,
      tags: operation.tags,
      action: operation['x-kubernetes-action'],
      kind: operation['x-kubernetes-group-version-kind'],
      parameters: [...shared, ...parametersView((operation.parameters ?? []) as Json[], known)].toSorted(),
      responses: Object.keys((operation.responses ?? {}) as Json).toSorted(),
    },
  ])
  return Object.fromEntries(methods)
}

/** `query limit`; a body is told by what it is, for version 3 has it elsewhere. */
function parametersView(list: readonly Json[], known: Record<string, Json>): string[] {
  return list.map(given => {
    const parameter = typeof given.$ref === 'string' ? known[given.$ref.split('/').at(-1)!] : given
    return `${String(parameter?.in)} ${String(parameter?.name)}`
  })
}

function typeView({ required = [], ...type }: Json): Json {
  const kinds = (type['x-kubernetes-group-version-kind'] ?? []) as Json[]
  return {
    ...(withoutProse(type) as Json),
    kinds: kinds.map(({ group, version, kind }) => `${group}/${version} ${kind}`).toSorted(),
    required: (required as string[]).toSorted(),
  }
}

/**
 * Types, formats, references, choices and defaults of a schema. A field may be called `description`: then it is an object.
 * A reference with something beside it is written as the only one of `allOf`.
 */
function withoutProse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutProse)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(
    ([name, inner]) =>
      !name.startsWith('x-kubernetes-') && (name !== 'description' || typeof inner !== 'string'),
  )
  const { allOf, ...rest } = Object.fromEntries(kept.map(([name, inner]) => [name, withoutProse(inner)]))
  if (allOf === undefined) return rest
  return Array.isArray(allOf) && allOf.length === 1 ? { ...allOf[0], ...rest } : { ...rest, allOf }
}

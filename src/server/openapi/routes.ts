import type { Context } from 'hono'
import type { Resource } from '../../api/define.ts'
import type { Registry } from '../../api/registry.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { Clock } from '../../std/ports.ts'
import { etagOf } from '../discovery/digest.ts'
import type { RouteEnv, Routes } from '../http/routes.ts'
import type { Descriptions } from './descriptions.ts'
import {
  type CustomSchemas,
  type DocumentOptions,
  type Making,
  makeOpenApiV2,
  makeOpenApiV3,
  makePageDocument,
} from './document.ts'
import { toGnostic } from './gnostic.ts'
import { joinSwaggers, type OtherDocuments } from './other-documents.ts'
import { pagesOf } from './pages.ts'
import type { JsonSchema } from './schema-json.ts'

export interface OpenApiOptions {
  readonly registry: Registry
  readonly version: string
  readonly custom: CustomSchemas
  readonly clock: Pick<Clock, 'nowMs'>
  /** Servers behind this one, whose documents join its own. */
  readonly others?: OtherDocuments
  /** Read anew for every document, which is rare, and not kept. */
  readonly readDescriptions?: () => Descriptions | undefined
}

/**
 * `/openapi/v3`, one document for each group and version, and `/openapi/v2`. Documents are written when they are
 * asked for and not kept: clients keep them by their hash.
 */
export function mountOpenApi(routes: Routes, options: OpenApiOptions): void {
  routes.get('/openapi/v3', async () => {
    const others = (await options.others?.index()) ?? {}
    const paths = { ...Object.fromEntries(indexOf(options)), ...others }
    return json({ paths }, { 'content-type': 'text/plain; charset=utf-8' })
  })
  routes.get('/openapi/v3/*', c => {
    const name = c.env.context.info.path.slice('/openapi/v3/'.length)
    return serveDocument(c, documentsOf(options).get(name), options)
  })
  routes.get('/openapi/v2', c => serveAll(c, options))
}

/** One document of version 3. */
interface VersionThree {
  hash(): string
  make(): Making
}

/** All documents of version 3, by their names: `api/v1`, `apis/apps`, `version`. */
function documentsOf(options: OpenApiOptions): ReadonlyMap<string, VersionThree> {
  const all = options.registry.all()
  const documents = new Map<string, VersionThree>()
  for (const [name, page] of pagesOf(all))
    documents.set(name, {
      hash: () => hashOf([], options, name),
      make: () => makePageDocument(page, documentOptions(options)),
    })
  for (const { name, versions } of options.registry.groups()) {
    for (const version of versions) {
      const resources = all.filter(each => each.group === name && each.version === version)
      documents.set(`${name === '' ? 'api' : 'apis'}/${toApiVersion(name, version)}`, {
        hash: () => hashOf(resources, options),
        make: () => makeOpenApiV3(resources, documentOptions(options)),
      })
    }
  }
  return documents
}

function* indexOf(options: OpenApiOptions): Generator<[string, object]> {
  for (const [name, document] of documentsOf(options))
    yield [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${document.hash()}` }]
}

/** Built-in kinds change with the release alone; custom ones by their schemas. */
function hashOf(resources: readonly Resource[], { version, custom }: OpenApiOptions, name = ''): string {
  const parts = resources.map(
    resource =>
      `${resource.plural} ${resource.kind} ${resource.subresources.map(({ name }) => name)} ${JSON.stringify(custom(resource) ?? null)}`,
  )
  return etagOf(`${version}\n${name}${parts.join('\n')}`)
}

function documentOptions({ version, custom, readDescriptions }: OpenApiOptions): DocumentOptions {
  const descriptions = readDescriptions?.()
  return { version, custom, ...(descriptions && { descriptions }) }
}

const yearMs = 365 * 86_400_000

function serveDocument(
  c: Context<RouteEnv>,
  document: VersionThree | undefined,
  options: OpenApiOptions,
): Response | Promise<Response> {
  if (!document) return new Response(null, { status: 404 })
  if (!takesJson(c)) return notTaken('Accept')
  const hash = document.hash()
  const { context } = c.env
  const asked = context.query.get('hash')
  if (asked !== null && asked !== hash) return moved(`${context.info.path}?hash=${hash}`)
  const lasting = {
    'cache-control': 'public, immutable',
    expires: new Date(options.clock.nowMs() + yearMs).toUTCString(),
  }
  const headers = { etag: `"${hash}"`, vary: 'Accept', ...(asked !== null && lasting) }
  return unlessKnown(c, headers, () => inTurns(document.make()))
}

async function serveAll(c: Context<RouteEnv>, options: OpenApiOptions): Promise<Response> {
  const isProtobuf = takes(c, protobufTypes) && !takes(c, jsonTypes)
  if (!isProtobuf && !takesJson(c)) return notTaken('Accept-Encoding, Accept')
  const all = options.registry.all()
  const own = hashOf(all, options)
  const others = (await options.others?.swaggers()) ?? []
  const hash = others.length === 0 ? own : etagOf(own + JSON.stringify(others))
  const headers = { etag: `"${hash}"`, vary: 'Accept-Encoding, Accept' }
  const make = async () => joinSwaggers(await inTurns(makeOpenApiV2(all, documentOptions(options))), others)
  if (!isProtobuf) return unlessKnown(c, headers, make)
  const binary = { ...headers, etag: `"${hash}-PB"`, 'content-type': protobufTypes.values().next().value! }
  if (c.req.header('if-none-match') === binary.etag)
    return new Response(null, { status: 304, headers: binary })
  return new Response(toGnostic(await make()) as Uint8Array<ArrayBuffer>, { headers: binary })
}

/** The second is what clients ask for; a content type cannot hold its at sign. */
const protobufTypes = new Set([
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
])

/** Other forms of documents are not there, and upstream says so without a word. */
function notTaken(vary: string): Response {
  return new Response(null, { status: 406, headers: { vary } })
}

function takesJson(c: Context<RouteEnv>): boolean {
  return c.req.header('accept') === undefined || takes(c, jsonTypes)
}

const jsonTypes = new Set(['application/json', 'application/*', '*/*', ''])

/** Whether the client's Accept header names one of these. */
function takes(c: Context<RouteEnv>, types: ReadonlySet<string>): boolean {
  const clauses = c.req.header('accept')?.split(',') ?? []
  return clauses.some(clause => types.has(clause.split(';')[0]!.trim()))
}

function moved(location: string): Response {
  return new Response(null, {
    status: 301,
    headers: { location, vary: 'Accept', 'content-type': 'application/json' },
  })
}

async function unlessKnown(
  c: Context<RouteEnv>,
  headers: Record<string, string>,
  make: () => Promise<object>,
): Promise<Response> {
  if (c.req.header('if-none-match') === headers.etag) return new Response(null, { status: 304, headers })
  return json(await make(), headers)
}

const stepsInTurn = 4

/** Writes a document while others are served in between. */
async function inTurns(making: Making): Promise<JsonSchema> {
  for (let steps = 1; ; steps++) {
    const step = making.next()
    if (step.done) return step.value
    if (steps % stepsInTurn === 0) await new Promise<void>(resolve => setImmediate(resolve))
  }
}

function json(document: object, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(document), {
    headers: { 'content-type': 'application/json', ...headers },
  })
}

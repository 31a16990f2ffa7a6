import type { Context } from 'hono'
import type { Resource } from '../../api/define.ts'
import type { Registry } from '../../api/registry.ts'
import { notAcceptable } from '../../machinery/status/errors.ts'
import type { Clock } from '../../std/ports.ts'
import { digest } from '../discovery/digest.ts'
import type { RouteEnv, Routes } from '../http/routes.ts'
import type { Descriptions } from './descriptions.ts'
import {
  type CustomSchemas,
  type DocumentOptions,
  type Making,
  makeOpenApiV2,
  makeOpenApiV3,
} from './document.ts'
import { toGnostic } from './gnostic.ts'
import { joinSwaggers, type OtherDocuments } from './other-documents.ts'
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
  const { registry } = options
  const inVersion = (group: string, version: string) =>
    registry.all().filter(each => each.group === group && each.version === version)

  routes.get('/openapi/v3', async () => {
    const others = (await options.others?.index()) ?? {}
    return json({ paths: { ...Object.fromEntries(indexOf(options)), ...others } })
  })
  routes.get('/openapi/v3/api/v1', c => serveVersion(c, inVersion('', 'v1'), options))
  routes.get('/openapi/v3/apis/:group/:version', c => {
    const { group, version } = c.req.param()
    return serveVersion(c, inVersion(group, version), options)
  })
  routes.get('/openapi/v2', c => serveAll(c, options))
}

function* indexOf(options: OpenApiOptions): Generator<[string, object]> {
  for (const { name, versions } of options.registry.groups()) {
    for (const version of versions) {
      const path = name === '' ? `api/${version}` : `apis/${name}/${version}`
      const resources = options.registry.all().filter(each => each.group === name && each.version === version)
      yield [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(resources, options)}` }]
    }
  }
}

/** Built-in kinds change with the release alone; custom ones by their schemas. */
function hashOf(resources: readonly Resource[], { version, custom }: OpenApiOptions): string {
  const parts = resources.map(
    resource =>
      `${resource.plural} ${resource.kind} ${resource.subresources.map(({ name }) => name)} ${JSON.stringify(custom(resource) ?? null)}`,
  )
  return digest(`${version}\n${parts.join('\n')}`)
    .toString('hex')
    .toUpperCase()
}

function documentOptions({ version, custom, readDescriptions }: OpenApiOptions): DocumentOptions {
  const descriptions = readDescriptions?.()
  return { version, custom, ...(descriptions && { descriptions }) }
}

const yearMs = 365 * 86_400_000

function serveVersion(
  c: Context<RouteEnv>,
  resources: readonly Resource[],
  options: OpenApiOptions,
): Response | Promise<Response> {
  if (resources.length === 0) return c.notFound()
  requireJson(c)
  const hash = hashOf(resources, options)
  const { context } = c.env
  const asked = context.query.get('hash')
  if (asked !== null && asked !== hash) return moved(`${context.info.path}?hash=${hash}`)
  const lasting = {
    'cache-control': 'public, immutable',
    expires: new Date(options.clock.nowMs() + yearMs).toUTCString(),
  }
  const headers = { etag: `"${hash}"`, vary: 'Accept', ...(asked !== null && lasting) }
  return unlessKnown(c, headers, () => inTurns(makeOpenApiV3(resources, documentOptions(options))))
}

async function serveAll(c: Context<RouteEnv>, options: OpenApiOptions): Promise<Response> {
  const isProtobuf = takes(c, protobufTypes) && !takes(c, jsonTypes)
  if (!isProtobuf) requireJson(c)
  const all = options.registry.all()
  const own = hashOf(all, options)
  const others = (await options.others?.swaggers()) ?? []
  const hash =
    others.length === 0
      ? own
      : digest(own + JSON.stringify(others))
          .toString('hex')
          .toUpperCase()
  const headers = { etag: `"${hash}"`, vary: 'Accept' }
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

/** Other forms of documents are not there. */
function requireJson(c: Context<RouteEnv>): void {
  if (c.req.header('accept') !== undefined && !takes(c, jsonTypes)) throw notAcceptable(['application/json'])
}

const jsonTypes = new Set(['application/json', 'application/*', '*/*', ''])

/** Whether the client's Accept header names one of these. */
function takes(c: Context<RouteEnv>, types: ReadonlySet<string>): boolean {
  const clauses = c.req.header('accept')?.split(',') ?? []
  return clauses.some(clause => types.has(clause.split(';')[0]!.trim()))
}

function moved(location: string): Response {
  return new Response(null, { status: 301, headers: { location } })
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

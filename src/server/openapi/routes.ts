import type { Context } from 'hono'
import type { Resource } from '../../api/define.ts'
import type { Registry } from '../../api/registry.ts'
import { notAcceptable } from '../../machinery/status/errors.ts'
import type { Clock } from '../../std/ports.ts'
import { digest } from '../discovery/digest.ts'
import type { RouteEnv, Routes } from '../http/routes.ts'
import type { Descriptions } from './descriptions.ts'
import { type CustomSchemas, type DocumentOptions, toOpenApiV2, toOpenApiV3 } from './document.ts'
import { joinSwaggers, type OtherDocuments } from './other-documents.ts'

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
  return unlessKnown(c, headers, () => toOpenApiV3(resources, documentOptions(options)))
}

async function serveAll(c: Context<RouteEnv>, options: OpenApiOptions): Promise<Response> {
  requireJson(c)
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
  return unlessKnown(c, headers, () => joinSwaggers(toOpenApiV2(all, documentOptions(options)), others))
}

/** Documents are written in JSON only. */
function requireJson(c: Context<RouteEnv>): void {
  const accept = c.req.header('accept')
  const types = accept?.split(',').map(clause => clause.split(';')[0]!.trim())
  if (types && !types.some(type => jsonTypes.has(type))) throw notAcceptable(['application/json'])
}

const jsonTypes = new Set(['application/json', 'application/*', '*/*', ''])

function moved(location: string): Response {
  return new Response(null, { status: 301, headers: { location } })
}

function unlessKnown(c: Context<RouteEnv>, headers: Record<string, string>, make: () => object): Response {
  if (c.req.header('if-none-match') === headers.etag) return new Response(null, { status: 304, headers })
  return json(make(), headers)
}

function json(document: object, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(document), {
    headers: { 'content-type': 'application/json', ...headers },
  })
}

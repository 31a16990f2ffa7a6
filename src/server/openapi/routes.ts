import type { Context } from 'hono'
import type { Resource } from '../../api/define.ts'
import type { Registry } from '../../api/registry.ts'
import { digest } from '../discovery/digest.ts'
import type { RouteEnv, Routes } from '../http/routes.ts'
import { type CustomSchemas, type DocumentOptions, toOpenApiV2, toOpenApiV3 } from './document.ts'

export interface OpenApiOptions {
  readonly registry: Registry
  readonly version: string
  readonly custom: CustomSchemas
}

/**
 * `/openapi/v3`, one document for each group and version, and `/openapi/v2`. Documents are written when they are
 * asked for and not kept: clients keep them by their hash.
 */
export function mountOpenApi(routes: Routes, options: OpenApiOptions): void {
  const { registry } = options
  const inVersion = (group: string, version: string) =>
    registry.all().filter(each => each.group === group && each.version === version)

  routes.get('/openapi/v3', () => json({ paths: Object.fromEntries(indexOf(options)) }))
  routes.get('/openapi/v3/api/v1', c => serve(c, inVersion('', 'v1'), options))
  routes.get('/openapi/v3/apis/:group/:version', c => {
    const { group, version } = c.req.param()
    return serve(c, inVersion(group, version), options)
  })
  routes.get('/openapi/v2', () => json(toOpenApiV2(registry.all(), options)))
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
function hashOf(resources: readonly Resource[], { version, custom }: DocumentOptions): string {
  const parts = resources.map(resource => `${resource.plural} ${JSON.stringify(custom(resource) ?? null)}`)
  return digest(`${version}\n${parts.join('\n')}`)
    .toString('hex')
    .toUpperCase()
}

function serve(
  c: Context<RouteEnv>,
  resources: readonly Resource[],
  options: OpenApiOptions,
): Response | Promise<Response> {
  if (resources.length === 0) return c.notFound()
  const etag = `"${hashOf(resources, options)}"`
  const fresh = { etag, vary: 'Accept', 'cache-control': 'public, immutable' }
  if (c.req.header('if-none-match') === etag) return new Response(null, { status: 304, headers: fresh })
  return json(toOpenApiV3(resources, options), fresh)
}

function json(document: object, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(document), {
    headers: { 'content-type': 'application/json', ...headers },
  })
}

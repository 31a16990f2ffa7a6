import { type Context, Hono, type Handler as PageHandler } from 'hono'
import { methodNotRouted } from '../../machinery/status/errors.ts'
import type { Response as Answer, Handler, RequestContext } from '../context.ts'
import { pageNotFound } from '../rest/dispatch.ts'
import { requireRouted } from './negotiation.ts'

/** What a hono route of ours sees: the request as the chain left it. */
export interface RouteEnv {
  Bindings: { context: RequestContext }
}

export type Routes = Hono<RouteEnv>

/** Everything that is no resource request: health, version, discovery, OpenAPI, metrics. Sent through the same chain. */
export function createRoutes(mount: (routes: Routes) => void): Handler {
  const routes: Routes = new Hono<RouteEnv>()
  mount(routes)
  routes.notFound(() => new Response(null, { status: 404, headers: notFoundMark }))
  routes.onError(error => {
    throw error
  })
  return async function dispatchRoute(context) {
    const method = context.info.verb.toUpperCase()
    const path = writtenPath(routedPath(context.info.path))
    const url = new URL(`http://hutch${path}${context.query.size > 0 ? `?${context.query}` : ''}`)
    // What was authorized is what is served: URLs take `..` out of paths, authorizers do not.
    if (url.pathname !== path) return pageNotFound
    const ask = (by: string) =>
      routes.fetch(new Request(url.href, { method: by, headers: plainHeaders(context) }), { context })
    const answer = await ask(method === 'HEAD' ? 'GET' : method)
    // Upstream's pages look at no method, but for those behind its router.
    return toRaw(method !== 'GET' && isNotFound(answer) ? await ask('GET') : answer)
  }
}

const slashesBehind = /^(\/(?:api|version|apis\/[^/]+)(?:\/[^/]+)?)\/\/+$/

/** Upstream's router counts slashes behind a path as one, where its pages lie. */
function routedPath(path: string): string {
  return path.endsWith('//') ? path.replace(slashesBehind, '$1/') : path
}

function writtenPath(path: string): string {
  return encodeURI(path).replaceAll('?', '%3F').replaceAll('#', '%23')
}

/** Upstream has this page behind a router that looks at the method and at media types before anything else. */
export function requireRoute({ env, req }: Context<RouteEnv>, types: readonly string[]): void {
  if (env.context.info.verb !== 'get') throw methodNotRouted()
  requireRouted(req.header('accept'), types)
}

/** A page that answers with a slash at its end too, as generated clients ask for it. */
export function mountPage(routes: Routes, path: string, answer: PageHandler<RouteEnv>): void {
  routes.get(path, answer)
  routes.get(`${path}/`, answer)
}

interface WholeBody {
  readonly body: Uint8Array
  readonly isPlain: boolean
}

const wholeBodies = new WeakMap<Response, WholeBody>()

/** A page of bytes that others are sent too: they are not copied for each; `isPlain`: nor compressed for anybody. */
export function respondWhole(body: Uint8Array, init: ResponseInit, isPlain = false): Response {
  const response = new Response(null, init)
  wholeBodies.set(response, { body, isPlain })
  return response
}

const notFoundMark = { 'x-hutch-not-found': '1' }

function isNotFound({ headers }: Response): boolean {
  return headers.has('x-hutch-not-found')
}

/** What pages look at. */
const readHeaders = [
  ...['accept', 'if-none-match', 'if-match', 'if-modified-since', 'if-unmodified-since'],
  ...['range', 'if-range'],
]

function plainHeaders({ headers }: RequestContext): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of readHeaders) {
    const value = headers[name]
    if (value !== undefined) found[name] = value
  }
  return found
}

async function toRaw(response: Response): Promise<Answer> {
  if (isNotFound(response)) return pageNotFound
  const { 'content-type': contentType = '', ...headers } = Object.fromEntries(response.headers)
  return {
    kind: 'raw',
    status: response.status,
    contentType,
    headers,
    ...(wholeBodies.get(response) ?? { body: new Uint8Array(await response.arrayBuffer()) }),
  }
}

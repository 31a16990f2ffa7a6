import { Hono, type Handler as PageHandler } from 'hono'
import type { Response as Answer, Handler, RequestContext } from '../context.ts'
import { pageNotFound } from '../rest/dispatch.ts'

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
    const url = `http://hutch${encodeURI(context.info.path)}${context.query.size > 0 ? `?${context.query}` : ''}`
    const request = new Request(url, {
      method: method === 'HEAD' ? 'GET' : method,
      headers: { ...plainHeaders(context) },
    })
    return toRaw(await routes.fetch(request, { context }))
  }
}

/** A page that answers with a slash at its end too, as generated clients ask for it. */
export function mountPage(routes: Routes, path: string, answer: PageHandler<RouteEnv>): void {
  routes.get(path, answer)
  routes.get(`${path}/`, answer)
}

const notFoundMark = { 'x-hutch-not-found': '1' }

function plainHeaders({ headers }: RequestContext): Record<string, string> {
  const { accept, 'if-none-match': known } = headers
  return { ...(accept !== undefined && { accept }), ...(known !== undefined && { 'if-none-match': known }) }
}

async function toRaw(response: Response): Promise<Answer> {
  if (response.headers.has('x-hutch-not-found')) return pageNotFound
  const { 'content-type': contentType = '', ...headers } = Object.fromEntries(response.headers)
  return {
    kind: 'raw',
    status: response.status,
    contentType,
    headers,
    body: new Uint8Array(await response.arrayBuffer()),
  }
}

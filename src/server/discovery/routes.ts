import type { Context, Handler } from 'hono'
import { discovery as facts } from '../../api/schema/discovery.ts'
import { unknownRoute } from '../../machinery/status/errors.ts'
import type { Offer } from '../http/negotiation.ts'
import { negotiate } from '../http/negotiation.ts'
import type { RouteEnv, Routes } from '../http/routes.ts'
import type { Discovery } from './discovery.ts'

const offer: Offer = { formats: ['json', 'yaml', 'protobuf'], transforms: ['APIGroupDiscoveryList'] }
const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** `/api`, `/apis` and what lies between them and the resources. */
export function mountDiscovery(routes: Routes, discovery: Discovery, serverAddress: () => string): void {
  // Documents of discovery answer with a slash at the end too.
  const document = (path: string, answer: Handler<RouteEnv>) => {
    routes.get(path, answer)
    routes.get(`${path}/`, answer)
  }
  document('/api', c => root(c, 'api', () => discovery.apiVersions(serverAddress())))
  document('/apis', c => root(c, 'apis', () => discovery.groupList()))
  document('/api/:version', c => found(c, discovery.resourceList('', c.req.param('version')!)))
  document('/apis/:group', c => found(c, discovery.group(c.req.param('group')!)))
  document('/apis/:group/:version', c => {
    const group = c.req.param('group')!
    const version = c.req.param('version')!
    const list = discovery.resourceList(group, version)
    // A built-in group's own router knows which versions it has not.
    if (!list && facts().groups.some(({ name }) => name === group)) throw unknownRoute()
    return found(c, list)
  })

  function root(c: Context<RouteEnv>, name: 'api' | 'apis', legacy: () => object): Response {
    const type = negotiate(c.req.header('accept'), offer)
    if (type.transform !== 'APIGroupDiscoveryList' || type.transformVersion !== 'v2') return json(legacy())
    const { body, etag } = discovery.aggregated(name)
    const all = { vary: 'Accept', etag, 'content-type': aggregatedType }
    if (c.req.header('if-none-match') === etag) return new Response(null, { status: 304, headers: all })
    return new Response(body, { headers: { ...all, 'cache-control': 'public' } })
  }
}

function found(c: Context<RouteEnv>, document: object | undefined): Response | Promise<Response> {
  return document ? json(document) : c.notFound()
}

function json(document: object, headers: Record<string, string> = {}): Response {
  return new Response(`${JSON.stringify(document)}\n`, {
    headers: { 'content-type': 'application/json', ...headers },
  })
}

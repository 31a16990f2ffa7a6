import type { Context, Handler } from 'hono'
import { discovery as facts } from '../../api/schema/discovery.ts'
import { unknownRoute } from '../../machinery/status/errors.ts'
import type { Format, Offer } from '../http/negotiation.ts'
import { contentTypes, negotiate } from '../http/negotiation.ts'
import { loose } from '../http/respond.ts'
import { mountPage, type RouteEnv, type Routes, requireRoute } from '../http/routes.ts'
import type { Discovery } from './discovery.ts'

const plain: Offer = { formats: ['json', 'yaml', 'protobuf'], transforms: [] }
const roots: Offer = { ...plain, transforms: ['APIGroupDiscoveryList'] }
const aggregatedType = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** `/api`, `/apis` and what lies between them and the resources. */
export function mountDiscovery(routes: Routes, discovery: Discovery, serverAddress: () => string): void {
  const document = (path: string, answer: Handler<RouteEnv>) => mountPage(routes, path, answer)
  document('/api', c => root(c, 'api', () => discovery.apiVersions(serverAddress())))
  document('/apis', c => root(c, 'apis', () => discovery.groupList()))
  document('/api/:version', c => {
    const list = discovery.resourceList('', c.req.param('version')!)
    if (!list) throw unknownRoute()
    routed(c)
    return found(c, list)
  })
  document('/apis/:group', c => found(c, discovery.group(c.req.param('group')!)))
  document('/apis/:group/:version', c => {
    const group = c.req.param('group')!
    const version = c.req.param('version')!
    const list = discovery.resourceList(group, version)
    // A built-in group's own router knows which versions it has not.
    if (!list && facts().groups.some(({ name }) => name === group)) throw unknownRoute()
    if (list) routed(c, group === '' ? plain : ofGroups(c))
    return found(c, list, ofGroups(c))
  })

  function root(c: Context<RouteEnv>, name: 'api' | 'apis', legacy: () => object): Response {
    if (name === 'api') routed(c)
    const type = negotiate(c.req.header('accept'), roots)
    if (type.transform !== 'APIGroupDiscoveryList') return told(c, legacy(), type.format)
    const { document, etag } = discovery.aggregated(name)
    const contentType = `${contentTypes[type.format]};${aggregatedType}`
    const all = { vary: 'Accept', etag, 'cache-control': 'public' }
    if (c.req.header('if-none-match') === etag) return new Response(null, { status: 304, headers: all })
    return told(c, document, type.format, { ...all, 'content-type': contentType })
  }
}

function routed(c: Context<RouteEnv>, { formats } = plain): void {
  requireRoute(
    c,
    formats.map(format => contentTypes[format]),
  )
}

function found(
  c: Context<RouteEnv>,
  document: object | undefined,
  offer = plain,
): Response | Promise<Response> {
  return document ? told(c, document, negotiate(c.req.header('accept'), offer).format) : c.notFound()
}

const withCbor: Offer = { ...plain, formats: [...plain.formats, 'cbor'] }

/** The resources of a version of a group are the only page that upstream has in CBOR. */
function ofGroups({ env }: Context<RouteEnv>): Offer {
  return env.context.servesCbor ? withCbor : plain
}

function told(
  c: Context<RouteEnv>,
  document: object,
  format: Format,
  more: Record<string, string> = {},
): Response {
  const { status, headers, body } = loose(200, document, format, c.env.context)
  return new Response(body as string, { status, headers: { ...(headers as typeof more), ...more } })
}

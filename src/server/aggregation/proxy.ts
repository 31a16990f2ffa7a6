import { queryOf, pathOf as writtenPath } from '../../client/path.ts'
import { messageOf } from '../../std/message.ts'
import type { Handler, RawResponse, RequestContext, RequestInfo, Response } from '../context.ts'
import { forward } from '../subresources/forward.ts'
import type { Endpoint } from '../subresources/kubelet-access.ts'
import type { ServiceResolver } from '../webhook-client/service-resolver.ts'
import { type FrontProxy, userHeaders } from './front-proxy.ts'
import type { RemoteApi, RemoteApis } from './remote-apis.ts'

export interface ProxySetup {
  readonly remotes: RemoteApis
  readonly resolve: ServiceResolver
  readonly frontProxy: () => FrontProxy
}

/**
 * Hands requests for the groups of other servers on to them (kube-aggregator handler_proxy.go); everything else goes
 * to `next`. Who asks is told in headers, which those servers believe this server's certificate.
 */
export function aggregate(setup: ProxySetup, next: Handler): Handler {
  return function serveAggregated(context) {
    const remote = remoteOf(setup.remotes, context.info)
    return remote ? serveRemote(setup, remote, context) : next(context)
  }
}

/** The server for `/apis/GROUP/VERSION` and all below. */
function remoteOf(remotes: RemoteApis, info: RequestInfo): RemoteApi | undefined {
  if (info.isResourceRequest) return remotes.find(info.group, info.version)
  const path = info.path.startsWith(documents) ? info.path.slice(documents.length) : info.path
  const [, root, group = '', version = ''] = path.split('/')
  return root === 'apis' && version !== '' ? remotes.find(group, version) : undefined
}

/** Each server writes the documents of its own kinds. */
const documents = '/openapi/v3'

const methods: Readonly<Record<string, string>> = {
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
}

async function serveRemote(setup: ProxySetup, remote: RemoteApi, context: RequestContext): Promise<Response> {
  const { info, headers, user } = context
  const endpoint = remote.isAvailable ? endpointOf(setup, remote) : undefined
  if (!endpoint) return unavailable('service unavailable')
  const path = pathOf(context)
  const more = { ...writtenHeaders(context), ...userHeaders(user), 'audit-id': context.auditId }
  if (headers.upgrade) return { kind: 'upgrade', target: { ...endpoint, path, headers: more } }
  const method = context.method ?? methods[info.verb] ?? 'GET'
  try {
    const answer = await forward(context, { endpoint, method, path, headers: more })
    return isRedirect(answer) ? refuseRedirect(answer) : answer
  } catch (error) {
    return unavailable(messageOf(error))
  }
}

function isRedirect({ status, headers = {} }: RawResponse): boolean {
  return status >= 300 && status <= 399 && Boolean(headers.location)
}

/** A server behind this one does not lead clients, and what they show, elsewhere (CVE-2022-3172). */
function refuseRedirect({ body }: RawResponse): Response {
  if (body instanceof ReadableStream) void body.cancel()
  const text = 'the backend attempted to redirect this request, which is not permitted'
  return { kind: 'raw', status: 502, contentType: 'text/plain; charset=utf-8', body: text }
}

/** As the client wrote it; what was asked in process is written now. */
function pathOf({ uri, info, query, call }: RequestContext): string {
  if (uri !== undefined) return uri
  const search = call ? queryOf(call.options, call.verb === 'watch') : String(query)
  return `${call ? writtenPath(call) : encodeURI(info.path)}${search ? `?${search}` : ''}`
}

/** Of a request that came in process. */
function writtenHeaders({ call }: RequestContext): Readonly<Record<string, string>> {
  if (!call) return {}
  const type = call.body !== undefined && { 'content-type': call.patchType ?? 'application/json' }
  return { accept: 'application/json', ...type }
}

function unavailable(text: string): Response {
  const headers = { 'x-content-type-options': 'nosniff' }
  return { kind: 'raw', status: 503, contentType: 'text/plain; charset=utf-8', headers, body: `${text}\n` }
}

/** Undefined when nobody answers for the Service just now. */
export function endpointOf(
  { resolve, frontProxy }: Pick<ProxySetup, 'resolve' | 'frontProxy'>,
  { service, ca, isInsecure }: RemoteApi,
): Endpoint | undefined {
  const { cert, key } = frontProxy()
  const { namespace, name, port } = service
  try {
    const found = resolve(namespace, name, port)
    const servername = `${name}.${namespace}.svc`
    return { ...found, tls: { cert, key, servername, ...(ca && { ca }), isVerified: !isInsecure } }
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

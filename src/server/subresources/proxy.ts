import type { Pod, Service } from '../../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { badRequest, serviceUnavailable } from '../../machinery/status/errors.ts'
import type { Response } from '../context.ts'
import type { Connector, RestCall } from '../rest/call.ts'
import { requireStored } from '../rest/storage.ts'
import { collectionPrefix } from '../watchcache/index.ts'
import { forward } from './forward.ts'
import { admitConnect } from './kubelet.ts'
import { type Endpoint, type KubeletTls, kubeletOf, splitProxyName } from './kubelet-access.ts'
import { rewriteAnswer } from './proxy-rewrite.ts'
import { aimAt, builtinResource } from './subrequest.ts'

/** Finds where a proxied request goes. */
type Locate = (call: RestCall, name: ReturnType<typeof splitProxyName>) => Endpoint

function proxyConnector(locate: Locate): Connector {
  return async function connectProxy(call): Promise<Response> {
    const { context } = call
    const { info, query, headers } = context
    await admitConnect(call, proxyOptions(call))
    const endpoint = locate(call, splitProxyName(info.name))
    const method = context.method ?? methods[info.verb] ?? 'GET'
    const { prefix, rest } = splitPath(context)
    const search = query.size > 0 ? `?${query}` : ''
    if (headers.upgrade) return { kind: 'upgrade', target: { ...endpoint, path: `${rest || '/'}${search}` } }
    if (rest === '' && (method === 'GET' || method === 'HEAD')) return movedTo(`${prefix}/${search}`)
    const forwarded = { 'x-forwarded-uri': prefix + (rest || '/') }
    const path = `${rest || '/'}${search}`
    const answer = await forward(context, { endpoint, method, path, headers: forwarded })
    const hosts = [`${endpoint.host}:${endpoint.port}`, headers.host ?? headers[':authority'] ?? '']
    return answer.kind === 'raw' ? rewriteAnswer(answer, { prefix, hosts }) : answer
  }
}

/** The path up to the word `proxy`, and what follows it, slashes and escapes as they came. */
function splitPath({ info, uri = info.path }: RestCall['context']): { prefix: string; rest: string } {
  const mark = uri.indexOf('?')
  const parts = (mark < 0 ? uri : uri.slice(0, mark)).split('/')
  // "", api, v1, namespaces, NAMESPACE, pods, NAME, proxy
  const count = info.namespace === '' ? 6 : 8
  const rest = parts.slice(count).map(part => `/${part}`)
  return { prefix: parts.slice(0, count).join('/'), rest: rest.join('') }
}

/** Relative links of a page need its path to end with a slash. */
function movedTo(location: string): Response {
  return { kind: 'raw', status: 301, contentType: 'text/plain', headers: { location }, body: '' }
}

/** PodProxyOptions, ServiceProxyOptions or NodeProxyOptions: the path is all that they have. */
function proxyOptions({ context, resource }: RestCall): JsonObject {
  const { subpath } = context.info
  return { kind: `${resource.kind}ProxyOptions`, apiVersion: 'v1', ...(subpath && { path: `/${subpath}` }) }
}

const methods: Readonly<Record<string, string>> = {
  create: 'POST',
  get: 'GET',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
}

/** nodes/NAME/proxy: the kubelet's own API. */
export function nodeProxy(tls: KubeletTls): Connector {
  return proxyConnector((call, { name, port }) => {
    const kubelet = kubeletOf(call, name, tls)
    return port === '' || Number(port) === kubelet.port ? kubelet : { host: kubelet.host, port: toPort(port) }
  })
}

/** pods/NAME/proxy: the pod's own address. */
export const podProxy: Connector = proxyConnector((call, { name, port, scheme }) => {
  const pod = requireStored(aimAt(call, builtinResource(call, '', 'v1', 'pods'), { name })).object as Pod
  const host = pod.status?.podIP
  if (!host) throw badRequest('address not allowed')
  const first = pod.spec?.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort
  return withScheme({ host, port: port === '' ? (first ?? 80) : podPort(pod, port) }, scheme)
})

function podPort(pod: Pod, port: string): number {
  const ports = pod.spec?.containers.flatMap(({ ports: declared = [] }) => declared) ?? []
  return ports.find(({ name }) => name === port)?.containerPort ?? toPort(port)
}

/** services/NAME/proxy: any ready endpoint of the service. */
export const serviceProxy: Connector = proxyConnector((call, { name, port, scheme }) => {
  const service = requireStored(aimAt(call, builtinResource(call, '', 'v1', 'services'), { name }))
    .object as Service
  const declared = service.spec?.ports ?? []
  const wanted =
    port === '' && declared.length === 1
      ? declared[0]!
      : declared.find(each => each.name === port || String(each.port) === port)
  if (!wanted)
    throw serviceUnavailable(
      `no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`,
    )
  for (const slice of slicesOf(call, name)) {
    const target = slice.ports?.find(each => (each.name ?? '') === (wanted.name ?? ''))?.port
    const host = slice.endpoints?.find(({ conditions }) => conditions?.ready !== false)?.addresses[0]
    if (target && host) return withScheme({ host, port: target }, scheme)
  }
  throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`)
})

function slicesOf({ deps, context }: RestCall, service: string): EndpointSlice[] {
  const prefix = collectionPrefix(
    { group: 'discovery.k8s.io', plural: 'endpointslices' },
    context.info.namespace,
  )
  const slices = deps.cache.list(prefix).items.map(({ object }) => object as EndpointSlice)
  return slices.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
}

/** Backends behind `https:` are not verified, as upstream does not. */
function withScheme(endpoint: Endpoint, scheme: string): Endpoint {
  return scheme === 'https' ? { ...endpoint, tls: { cert: '', key: '' } } : endpoint
}

function toPort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65536) return port
  throw badRequest(`invalid port ${JSON.stringify(text)}`)
}

import { serviceNameOf } from '../../api/discovery/service-name.ts'
import type { Pod, Service } from '../../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { badRequest, methodNotRouted, notFound, serviceUnavailable } from '../../machinery/status/errors.ts'
import type { Response } from '../context.ts'
import type { Dial } from '../egress/dial.ts'
import type { Connector, RestCall } from '../rest/call.ts'
import { requireStored } from '../rest/storage.ts'
import { collectionPrefix, objectKey } from '../watchcache/index.ts'
import { forward } from './forward.ts'
import { admitConnect } from './kubelet.ts'
import {
  type Endpoint,
  type KubeletTls,
  kubeletOf,
  type ProxyName,
  splitProxyName,
} from './kubelet-access.ts'
import { rewriteAnswer } from './proxy-rewrite.ts'
import { isProxyable, requireProxyable } from './proxyable.ts'
import { aimAt, builtinResource } from './subrequest.ts'

/** Finds where a proxied request goes. */
type Locate = (call: RestCall, name: ProxyName) => Endpoint | Promise<Endpoint>

function proxyConnector(locate: Locate, dial?: Dial): Connector {
  return async function connectProxy(call): Promise<Response> {
    const { context } = call
    const { info, headers } = context
    const method = context.method ?? methods[info.verb] ?? 'GET'
    if (!proxied.has(method)) throw methodNotRouted()
    await admitConnect(call, proxyOptions(call))
    const found = await locate(call, splitProxyName(info.name, info.resource.slice(0, -1)))
    const endpoint = { ...found, dial }
    const { prefix, rest, search } = splitPath(context)
    if (headers.upgrade) return { kind: 'upgrade', target: { ...endpoint, path: `${rest || '/'}${search}` } }
    if (rest === '' && (method === 'GET' || method === 'HEAD')) return movedTo(`${prefix}/${search}`)
    const forwarded = {
      // The name that the client asked for, as upstream's proxy leaves it.
      host: headers.host ?? headers[':authority'] ?? `${endpoint.host}:${endpoint.port}`,
      'x-forwarded-uri': prefix + (rest || '/'),
      'x-forwarded-for': [headers['x-forwarded-for'], context.sourceIp].filter(Boolean).join(', '),
    }
    const path = `${rest || '/'}${search}`
    const answer = await forward(context, { endpoint, method, path, headers: forwarded })
    const hosts = [`${endpoint.host}:${endpoint.port}`, headers.host ?? headers[':authority'] ?? '']
    return answer.kind === 'raw' ? rewriteAnswer(answer, { prefix, hosts }) : answer
  }
}

interface SplitPath {
  readonly prefix: string
  readonly rest: string
  /** The query with its question mark; empty without one. */
  readonly search: string
}

/** The path up to the word `proxy`, and what follows it, slashes and escapes as they came. */
function splitPath({ info, query, uri }: RestCall['context']): SplitPath {
  const whole = uri ?? `${info.path}${query.size > 0 ? `?${query}` : ''}`
  const mark = whole.indexOf('?')
  const parts = (mark < 0 ? whole : whole.slice(0, mark)).split('/')
  // "", api, v1, namespaces, NAMESPACE, pods, NAME, proxy
  const count = info.namespace === '' ? 6 : 8
  const rest = parts.slice(count).map(part => `/${part}`)
  const search = mark < 0 ? '' : whole.slice(mark)
  return { prefix: parts.slice(0, count).join('/'), rest: rest.join(''), search }
}

/** Relative links of a page need its path to end with a slash. */
function movedTo(location: string): Response {
  return { kind: 'raw', status: 301, contentType: '', headers: { location }, body: '' }
}

/** PodProxyOptions, ServiceProxyOptions or NodeProxyOptions: the path is all that they have. */
function proxyOptions({ context, resource }: RestCall): JsonObject {
  const { subpath, path: whole } = context.info
  const path = subpath ? `/${subpath}` : whole.endsWith('/') && '/'
  return { kind: `${resource.kind}ProxyOptions`, apiVersion: 'v1', ...(path && { path }) }
}

const proxied = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'])

const methods: Readonly<Record<string, string>> = {
  create: 'POST',
  get: 'GET',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
}

/** nodes/NAME/proxy: the kubelet's own API. */
export function nodeProxy(tls: KubeletTls): Connector {
  return proxyConnector(async (call, { name, port, scheme }) => {
    const kubelet = kubeletOf(call, name, tls)
    await requireProxyable(kubelet.host)
    if (port === '' || port === String(kubelet.port)) return kubelet
    return withScheme({ host: kubelet.host, port: toPort(port) }, scheme)
  }, tls.dial)
}

/** pods/NAME/proxy: the pod's own address. */
export const podProxy = (dial?: Dial): Connector => proxyConnector(locatePod, dial)

function locatePod(call: RestCall, { name, port, scheme }: ProxyName): Endpoint {
  const pod = requireStored(aimAt(call, builtinResource(call, '', 'v1', 'pods'), { name })).object as Pod
  const host = pod.status?.podIPs?.[0]?.ip ?? ''
  if (!isProxyable(host)) throw badRequest('address not allowed')
  const first = pod.spec?.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort
  return withScheme({ host, port: port === '' ? (first ?? 80) : podPort(pod, port) }, scheme)
}

function podPort(pod: Pod, port: string): number {
  const ports = pod.spec?.containers.flatMap(({ ports: declared = [] }) => declared) ?? []
  return ports.find(({ name }) => name === port)?.containerPort ?? toPort(port)
}

/** services/NAME/proxy: a ready pod behind the service's port. */
export const serviceProxy = (dial?: Dial): Connector => proxyConnector(locateService, dial)

function locateService(call: RestCall, { name, port, scheme }: ProxyName): Endpoint {
  const service = requireStored(aimAt(call, builtinResource(call, '', 'v1', 'services'), { name }))
    .object as Service
  const portName = servicePortName(service, port)
  const slices = slicesOf(call, name)
  for (const slice of slices) {
    const target = slice.ports?.find(each => (each.name ?? '') === portName)?.port
    const ready = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false)
    const host = ready.find(endpoint => isPod(call, endpoint))?.addresses[0]
    if (target && host) return withScheme({ host, port: target }, scheme)
  }
  // Upstream looks for the Endpoints of that name, and says so of the Service when there are none.
  const endpoints = objectKey({ group: '', plural: 'endpoints' }, call.context.info.namespace, name)
  if (!call.deps.cache.get(endpoints)) throw notFound({ group: '', resource: 'services' }, name)
  const told = slices.some(({ endpoints }) => endpoints?.length) ? call.context.info.name : name
  throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(told)}`)
}

/** A number is one of the service's ports; anything else is the name of one. */
function servicePortName({ spec, metadata }: Service, port: string): string {
  if (!/^[+-]?\d+$/.test(port)) return port
  const found = spec?.ports?.find(each => each.port === Number(port))
  if (found) return found.name ?? ''
  throw serviceUnavailable(
    `no service port ${Number(port)} found for service ${JSON.stringify(metadata.name)}`,
  )
}

/** Whoever writes endpoints does not thereby choose where the server connects to: the address must be a pod's own. */
function isPod({ deps, context }: RestCall, { addresses, targetRef }: SliceEndpoint): boolean {
  const { namespace } = context.info
  if (!targetRef?.name || targetRef.namespace !== namespace) return false
  const pod = deps.cache.get(objectKey({ group: '', plural: 'pods' }, namespace, targetRef.name))?.object
  return (pod as Pod | undefined)?.status?.podIPs?.some(({ ip }) => ip === addresses[0]) ?? false
}

type SliceEndpoint = NonNullable<EndpointSlice['endpoints']>[number]

function slicesOf({ deps, context }: RestCall, service: string): EndpointSlice[] {
  const prefix = collectionPrefix(
    { group: 'discovery.k8s.io', plural: 'endpointslices' },
    context.info.namespace,
  )
  const slices = deps.cache.list(prefix).items.map(({ object }) => object as EndpointSlice)
  return slices.filter(slice => serviceNameOf(slice) === service)
}

/** Backends behind `https:` are not verified, as upstream does not. */
function withScheme(endpoint: Endpoint, scheme: string): Endpoint {
  return scheme === 'https' ? { ...endpoint, tls: { cert: '', key: '' } } : endpoint
}

function toPort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65536) return port
  throw serviceUnavailable(`error trying to reach service: dial tcp: address ${text}: invalid port`)
}

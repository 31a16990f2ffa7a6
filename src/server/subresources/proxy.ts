import type { EndpointAddress, Endpoints, Pod, Service } from '../../api/types/core-v1.gen.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { badRequest, methodNotRouted, notFound, serviceUnavailable } from '../../machinery/status/errors.ts'
import type { Response } from '../context.ts'
import type { Dial } from '../egress/dial.ts'
import type { Connector, RestCall } from '../rest/call.ts'
import { requireStored } from '../rest/storage.ts'
import { objectKey } from '../watchcache/index.ts'
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

/** As upstream the Endpoints of that name say where; the Service only what one of its port numbers is called. */
function locateService(call: RestCall, { name, port, scheme }: ProxyName): Endpoint {
  const portName = servicePortName(call, name, port)
  const { subsets = [] } = requireEndpoints(call, name)
  if (subsets.length === 0) throw noEndpoints(name)
  for (const { addresses = [], ports = [] } of subsets) {
    const target = ports.find(each => (each.name ?? '') === portName)?.port
    const host = addresses.find(address => isPod(call, address))?.ip
    if (target && host) return withScheme({ host, port: target }, scheme)
  }
  throw noEndpoints(call.context.info.name)
}

const noEndpoints = (name: string) =>
  serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`)

/** Upstream says of the Service when they are not there. */
function requireEndpoints({ deps, context }: RestCall, name: string): Endpoints {
  const found = deps.cache.get(objectKey({ group: '', plural: 'endpoints' }, context.info.namespace, name))
  if (!found) throw notFound({ group: '', resource: 'services' }, name)
  return found.object as Endpoints
}

/** A number is one of the service's ports; anything else is the name of one. */
function servicePortName(call: RestCall, name: string, port: string): string {
  if (!/^[+-]?\d+$/.test(port)) return port
  const services = builtinResource(call, '', 'v1', 'services')
  const { spec } = requireStored(aimAt(call, services, { name })).object as Service
  const found = spec?.ports?.find(each => each.port === Number(port))
  if (found) return found.name ?? ''
  throw serviceUnavailable(`no service port ${Number(port)} found for service ${JSON.stringify(name)}`)
}

/** Whoever writes endpoints does not thereby choose where the server connects to: the address must be a pod's own. */
function isPod({ deps, context }: RestCall, { ip, targetRef }: EndpointAddress): boolean {
  const { namespace } = context.info
  if (!targetRef?.name || targetRef.namespace !== namespace) return false
  const pod = deps.cache.get(objectKey({ group: '', plural: 'pods' }, namespace, targetRef.name))?.object
  return (pod as Pod | undefined)?.status?.podIPs?.some(each => each.ip === ip) ?? false
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

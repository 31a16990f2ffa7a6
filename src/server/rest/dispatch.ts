import type { Resource, Subresource, Verb } from '../../api/define.ts'
import { nameIsPathSegment } from '../../machinery/meta/names.ts'
import { quote } from '../../machinery/meta/quote.ts'
import {
  badRequest,
  methodNotRouted,
  methodNotSupported,
  notFound,
  notImplemented,
  unknownRoute,
} from '../../machinery/status/errors.ts'
import type { StatusError } from '../../machinery/status/status.ts'
import type { Handler, RequestInfo, Response } from '../context.ts'
import { isBuiltin } from '../http/encode.ts'
import { mediaTypeFor, requireMedia } from '../http/offer.ts'
import { prepareBody, prepareMessage } from './body.ts'
import { groupResource, type RestCall, type RestDeps } from './call.ts'
import { create } from './create.ts'
import { deleteOne } from './delete.ts'
import { deleteCollection } from './delete-collection.ts'
import { freshen, mustBeFresh } from './fresh.ts'
import { get } from './get.ts'
import { list } from './list.ts'
import { patch } from './patch.ts'
import { createQuotaTurns } from './quota-turns.ts'
import { scale } from './scale.ts'
import { update } from './update.ts'
import { watch } from './watch.ts'

type VerbHandler = (call: RestCall) => Promise<Response>

const verbs: Readonly<Record<Verb, VerbHandler>> = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: deleteOne,
  deletecollection: deleteCollection,
}

/** Serves every resource request of every registered kind. */
export function createRest(deps: RestDeps): Handler {
  const { cache, ports } = deps
  const inTurn = cache.freshen && createQuotaTurns(cache, ports)
  return async function dispatchResource(context) {
    const { info } = context
    const resource = deps.registry.find(info.group, info.version, info.resource)
    if (!resource || !isPlacedRight(info, resource)) return unrouted(deps, info)
    context.resource = resource
    const call: RestCall = { deps, context, resource }
    if (deps.cache.freshen && mustBeFresh(call)) await freshen(call, deps.cache.freshen)
    if (context.breathe) {
      await prepareBody(context, resource, context.breathe)
      await prepareMessage(context, resource, context.breathe)
    }
    // Upstream's routes of built-in kinds warn, whoever finds one; custom kinds have no routes of their own.
    const warning = resource.deprecation === undefined ? [] : [resource.deprecation]
    if (!isBuiltin(resource)) context.warnings.push(...warning)
    if (info.subresource !== '') {
      context.isRouted = true
      return serveSubresource(call, info)
    }
    if (isUnroutedHead(call)) throw methodRefused(call)
    const handler = isOffered(info, resource) ? verbs[info.verb as Verb] : undefined
    if (!handler) throw methodRefused(call)
    requireMedia(context, resource)
    context.isRouted = true
    if (isBuiltin(resource)) context.warnings.push(...warning)
    // Of lists and watches after their options.
    if (resource.reader !== undefined || !ofMany.has(info.verb)) mediaTypeFor(resource, context)
    if (ofOne.has(info.verb)) requireKey(info, resource)
    if (resource.reader !== undefined) return read(call, resource.reader)
    return inTurn ? inTurn(call, () => handler(call)) : handler(call)
  }
}

/** A name and a namespace from a path that can be part of a key (apiserver registry NamespaceKeyFunc). */
function requireKey({ name, namespace }: RequestInfo, { namespaced }: Resource): void {
  if (namespaced && namespace === '') throw badRequest('Namespace parameter required.')
  const errors = nameIsPathSegment(name, false)
  if (errors.length > 0) throw badRequest(`Name parameter invalid: ${quote(name)}: ${errors.join(';')}`)
}

/** What is not stored is asked of whom the server's table names. */
function read(call: RestCall, name: string): Promise<Response> {
  const reader = call.deps.readers.get(name)
  if (!reader) throw notImplemented(`reading ${name}`)
  return reader(call)
}

const ofMany: ReadonlySet<string> = new Set<Verb>(['list', 'watch'])
const ofOne: ReadonlySet<string> = new Set<Verb>(['get', 'update', 'patch', 'delete'])
/** Verbs of a collection that only one namespace at a time takes. */
const perNamespace: ReadonlySet<string> = new Set<Verb>(['create', 'deletecollection'])

/** `/namespaces//pods` is a path to upstream's router: that of a namespace without a name. */
function isNameless({ path, namespace, resource }: RequestInfo): boolean {
  return namespace === '' && resource !== 'namespaces' && path.includes('/namespaces//')
}

function isOffered(info: RequestInfo, { verbs: offered, namespaced }: Resource): boolean {
  const { verb, name, namespace } = info
  if (!offered.includes(verb as Verb)) return false
  if (ofOne.has(verb)) return name !== ''
  if (!perNamespace.has(verb)) return true
  const isPlaced = !namespaced || namespace !== '' || isNameless(info)
  return isPlaced && (verb !== 'create' || name === '')
}

/** A built-in group's own router answers with a Status; nobody's with a plain page. */
function unrouted({ registry }: RestDeps, { group, path }: RequestInfo): Response {
  if (group === '' && path.startsWith('/apis')) return pageNotFound
  if (registry.all().some(each => each.group === group && isBuiltin(each))) throw unknownRoute()
  return pageNotFound
}

function methodRefused({ resource, context }: RestCall): StatusError {
  const { verb } = context.info
  if (!isBuiltin(resource)) return methodNotSupported(groupResource(resource), verb)
  if (verb !== 'watch' || !resource.verbs.includes('list')) return methodNotRouted()
  // Behind the route of its list.
  if (resource.deprecation !== undefined) context.warnings.push(resource.deprecation)
  context.isRouted = true
  return methodNotSupported(groupResource(resource), verb)
}

async function serveSubresource(call: RestCall, info: RequestInfo): Promise<Response> {
  const { resource, deps } = call
  const subresource = resource.subresources.find(({ name }) => name === info.subresource)
  if (!subresource) {
    if (resource.custom) throw notFound(groupResource(resource), info.name)
    return unrouted(deps, info)
  }
  if (info.subpath !== undefined && subresource.name !== proxy && !resource.custom)
    return unrouted(deps, info)
  if (isUnroutedHead(call) || !takes(subresource, call)) throw methodRefused(call)
  requireKey(info, resource)
  if (subresource.hasTable === false) mediaTypeFor(resource, call.context, subresource)
  if (subresource.connector !== undefined) {
    const connector = deps.connectors.get(subresource.connector)
    if (!connector) throw notImplemented(`the subresource ${subresource.connector}`)
    return connector(call)
  }
  requireMedia(call.context, resource)
  if (resource.deprecation !== undefined && !subresource.kind && isBuiltin(resource))
    call.context.warnings.push(resource.deprecation)
  mediaTypeFor(resource, call.context)
  if (subresource.scale) return scale(call, subresource.scale)
  return serveData(call, subresource)
}

/** A proxy passes every method on. */
const proxy = 'proxy'

function takes({ name, verbs }: Subresource, { context }: RestCall): boolean {
  return name === proxy || verbs.includes(context.info.verb as Verb)
}

/** Upstream routes HEAD to no resource that it knows from the start, but for its proxies. */
function isUnroutedHead({ context, resource }: RestCall): boolean {
  return context.method === 'HEAD' && isBuiltin(resource) && context.info.subresource !== proxy
}

async function serveData(call: RestCall, subresource: Subresource): Promise<Response> {
  switch (call.context.info.verb) {
    case 'get':
      return get(call)
    case 'update':
      return update(call, subresource)
    case 'patch':
      return patch(call, subresource)
    default:
      throw methodRefused(call)
  }
}

/**
 * Cluster-scoped kinds are not found below a namespace, namespaced ones not by name outside of one, and no
 * object at all where the kind has none by name (reviews).
 */
function isPlacedRight(info: RequestInfo, placed: Resource): boolean {
  const { namespace, name, verb } = info
  const { namespaced, verbs: offered } = placed
  if (isBuiltin(placed) && !hasRoute(info, placed)) return false
  const isOfOne = name !== '' && ofOne.has(verb)
  if (isOfOne && !offered.includes(verb as Verb) && !offered.some(each => ofOne.has(each))) return false
  if (!namespaced) return namespace === '' ? !isNameless(info) || !isBuiltin(placed) : isItself(info)
  return namespace !== '' || !isOfOne || (isBuiltin(placed) && isNameless(info))
}

function isItself({ resource, namespace, name }: RequestInfo): boolean {
  return resource === 'namespaces' && namespace === name
}

const watchedOne = /\/watch\/+[^/]+\/+[^/]+\/*$/
const watchPath = /^\/+api(?:s\/[^/]+)?\/[^/]+\/watch\//

/** Upstream makes routes of built-in kinds for what they offer, and no others. */
function hasRoute(info: RequestInfo, { namespaced, verbs: offered }: Resource): boolean {
  const { namespace, name, verb, subresource, subpath } = info
  if (verb === 'proxy') return false
  if (subresource === '' && subpath !== undefined) return false
  const isPlaced = !namespaced || namespace !== '' || isNameless(info)
  if (verb === 'watch' && watchPath.test(info.path))
    return offered.includes('watch') && (isPlaced || !watchedOne.test(info.path))
  if (verb === 'list' || verb === 'watch' || name === '') return isPlaced || offered.includes('list')
  return subresource !== '' || offered.some(each => ofOne.has(each))
}

/** What a stock server's router says about a path that nobody serves. */
export const pageNotFound: Response = {
  kind: 'raw',
  status: 404,
  contentType: 'text/plain; charset=utf-8',
  headers: { 'x-content-type-options': 'nosniff' },
  body: '404 page not found\n',
}

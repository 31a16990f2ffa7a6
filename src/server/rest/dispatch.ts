import type { Subresource, Verb } from '../../api/define.ts'
import { notImplemented } from '../../machinery/status/errors.ts'
import type { Handler, RequestInfo, Response } from '../context.ts'
import type { RestCall, RestDeps } from './call.ts'
import { create } from './create.ts'
import { deleteOne } from './delete.ts'
import { deleteCollection } from './delete-collection.ts'
import { get } from './get.ts'
import { list } from './list.ts'
import { patch } from './patch.ts'
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
  return async function dispatchResource(context) {
    const { info } = context
    const resource = deps.registry.find(info.group, info.version, info.resource)
    if (!resource || !isPlacedRight(info, resource.namespaced)) return pageNotFound
    context.resource = resource
    const call: RestCall = { deps, context, resource }
    if (info.subresource !== '') return serveSubresource(call, info)
    const verb = info.verb as Verb
    const handler = verbs[verb]
    const fits =
      info.verb !== 'create' || (info.name === '' && (info.namespace !== '' || !resource.namespaced))
    if (!handler || !resource.verbs.includes(verb) || !fits) return methodNotAllowed
    return handler(call)
  }
}

async function serveSubresource(call: RestCall, info: RequestInfo): Promise<Response> {
  const { resource, deps } = call
  const subresource = resource.subresources.find(({ name }) => name === info.subresource)
  if (!subresource) return pageNotFound
  if (subresource.connector !== undefined) {
    const connector = deps.connectors.get(subresource.connector)
    if (!connector) throw notImplemented(`the subresource ${subresource.connector}`)
    return connector(call)
  }
  if (!subresource.verbs.includes(info.verb as Verb)) return methodNotAllowed
  if (subresource.scale) return scale(call, subresource.scale)
  return serveData(call, subresource)
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
      return methodNotAllowed
  }
}

/** Cluster-scoped kinds are not found below a namespace, namespaced ones not by name outside of one. */
function isPlacedRight(info: RequestInfo, namespaced: boolean): boolean {
  if (!namespaced) return info.namespace === '' || info.resource === 'namespaces'
  return info.namespace !== '' || !(info.name !== '' && namesOne.has(info.verb))
}

const namesOne = new Set(['get', 'update', 'patch', 'delete'])

/** What a stock server's router says about a path that nobody serves. */
export const pageNotFound: Response = {
  kind: 'raw',
  status: 404,
  contentType: 'text/plain; charset=utf-8',
  headers: { 'x-content-type-options': 'nosniff' },
  body: '404 page not found\n',
}

const methodNotAllowed: Response = {
  kind: 'raw',
  status: 405,
  contentType: 'text/plain; charset=utf-8',
  body: '405: Method Not Allowed',
}

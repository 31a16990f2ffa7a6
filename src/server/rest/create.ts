import { deepFreeze } from '../../machinery/meta/value.ts'
import { inDeclaredOrder } from '../../machinery/schema/declared-order.ts'
import { notImplemented } from '../../machinery/status/errors.ts'
import type { Response } from '../context.ts'
import { applyDefaults, decodeBody } from './body.ts'
import { admitMutating, admitValidating, type RestCall, requireLasting, turn } from './call.ts'
import { trackUpdate } from './field-manager.ts'
import { dedupOwners, settleNamespace, wipeSystemFields } from './identity.ts'
import { insert } from './insert.ts'
import { refuseVast } from './vast.ts'
import { checkWriteOptions } from './write-options.ts'

/** POST of a collection. */
export async function create(call: RestCall): Promise<Response> {
  const { context, resource, deps } = call
  checkWriteOptions(context.options, 'CreateOptions')
  const connector = resource.strategy.ephemeral ? deps.connectors.get(resource.plural) : undefined
  if (connector) return connector(call)
  const object = decodeBody(context, resource)
  await refuseVast(call, object)
  applyDefaults(resource, object)
  await turn(call)
  if (resource.strategy.ephemeral) return review(call, object)
  wipeSystemFields(object)
  settleNamespace(call, object)
  dedupOwners(call, object, false)
  await trackUpdate(call, undefined, object)
  await turn(call)
  requireLasting(call, object)
  await admitMutating(call, { operation: 'CREATE', object, oldObject: undefined })
  dedupOwners(call, object, true)
  const servable = await insert({ deps, context, resource }, object)
  return { kind: 'object', status: 201, object: servable.object, resource, servable }
}

async function review(call: RestCall, object: Parameters<typeof insert>[1]): Promise<Response> {
  const { resource, deps, context } = call
  const name = `${resource.plural}.${resource.group}`
  const reviewer = deps.reviewers.get(name)
  if (!reviewer) throw notImplemented(name)
  if (resource.namespaced) settleNamespace(call, object)
  await trackUpdate(call, undefined, object)
  const operation = { operation: 'CREATE', object, oldObject: undefined } as const
  await admitMutating(call, operation)
  const answered = await reviewer(object, context.user, context, () => admitValidating(call, operation))
  return {
    kind: 'object',
    status: 201,
    object: deepFreeze(inDeclaredOrder(resource.schema, answered)),
    resource,
  }
}

import type { Subresource } from '../../api/define.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { Response } from '../context.ts'
import { applyDefaults, decodeBody } from './body.ts'
import { admitMutating, type RestCall } from './call.ts'
import { trackUpdate } from './field-manager.ts'
import { dedupOwners, requireNew, requireSameName, settleNamespace } from './identity.ts'
import { insert } from './insert.ts'
import { type Replacement, replace } from './replace.ts'
import { findStored } from './storage.ts'
import { refuseVast } from './vast.ts'
import { checkWriteOptions } from './write-options.ts'

/** Lost races that a PUT without a resourceVersion of its own is run again after. */
const attemptsMax = 5

/** PUT of an object or of a subresource that is data alone. */
export async function update(call: RestCall, subresource?: Subresource): Promise<Response> {
  const { context, resource } = call
  checkWriteOptions(context.options, 'UpdateOptions')
  const object = decodeBody(context, resource)
  await refuseVast(call, object)
  settle(call, object)
  if (!subresource && resource.strategy.allowCreateOnUpdate && !findStored(call))
    return createInstead(call, object)
  const attempts = object.metadata.resourceVersion ? 1 : attemptsMax
  // The object that was read is changed on its way: who lost a race reads it again.
  let unused: KubeObject | undefined = object
  const make = () => {
    const made = unused ?? settle(call, decodeBody({ ...context, warnings: [] }, resource))
    unused = undefined
    return made
  }
  const servable = await replace(call, {
    make,
    attemptsMax: attempts,
    requiresUid: true,
    ...rulesFor(call, subresource),
  })
  return { kind: 'object', status: 200, object: servable.object, resource, servable }
}

/** What the body says, completed in place. */
function settle(call: RestCall, object: KubeObject): KubeObject {
  applyDefaults(call.resource, object)
  requireSameName(call, object)
  settleNamespace(call, object)
  dedupOwners(call, object, false)
  return object
}

/** The strategy that a write through this door follows. */
export function rulesFor(
  { resource }: RestCall,
  subresource: Subresource | undefined,
): Pick<Replacement, 'rules' | 'writes' | 'keepsMetadata'> {
  if (!subresource) return { rules: resource.strategy }
  const rules = {
    allowUnconditionalUpdate: resource.strategy.allowUnconditionalUpdate ?? false,
    ...subresource.strategy,
  }
  const { writes, keepsMetadata } = subresource
  return { rules, ...(writes && { writes }), ...(keepsMetadata && { keepsMetadata: true }) }
}

async function createInstead(call: RestCall, object: KubeObject): Promise<Response> {
  const { resource } = call
  await trackUpdate(call, undefined, object)
  await admitMutating(call, { operation: 'CREATE', object, oldObject: undefined })
  requireNew(call, object)
  const servable = await insert(call, object)
  return { kind: 'object', status: 201, object: servable.object, resource, servable }
}

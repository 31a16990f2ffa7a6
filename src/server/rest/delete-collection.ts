import { isNotFound } from '../../machinery/status/errors.ts'
import { beginWork } from '../../std/turns.ts'
import type { Response } from '../context.ts'
import type { RestCall } from './call.ts'
import { deleteNamed, warnOfPropagation } from './delete.ts'
import { type DeleteOptions, deleteOptionsOf } from './delete-options.ts'
import { readPage } from './list.ts'
import { checkListOptions } from './list-options.ts'
import { selectionOf } from './selection.ts'

/** DELETE of a collection: each selected object by the rules of its own; answers what was selected. Not atomic. */
export async function deleteCollection(call: RestCall): Promise<Response> {
  checkListOptions(call.context.options)
  const options = deleteOptionsOf(call.context)
  const selection = selectionOf(call)
  warnOfPropagation(call, options)
  const page = await readPage(call, selection)
  // A store that answers at once would let nobody else have a turn.
  const breathe = beginWork(call.deps.ports.clock)
  for (const { object } of page.items) {
    const { name = '', namespace = '' } = object.metadata
    await deleteUnlessGone(inNamespace(call, namespace), name, options)
    await breathe()
  }
  return { kind: 'list', status: 200, resource: call.resource, list: page }
}

async function deleteUnlessGone(call: RestCall, name: string, options: DeleteOptions): Promise<void> {
  try {
    await deleteNamed(call, name, options)
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

function inNamespace(call: RestCall, namespace: string): RestCall {
  const { context } = call
  if (context.info.namespace === namespace) return call
  return { ...call, context: { ...context, info: { ...context.info, namespace } } }
}

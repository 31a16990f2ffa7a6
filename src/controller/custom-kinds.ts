import { customResourceDefinitions } from '../api/apiextensions/custom-resource-definition.ts'
import type { CustomResourceDefinition } from '../api/types/apiextensions-v1.gen.ts'
import { isConflict } from '../client/failure.ts'
import { messageOf } from '../std/message.ts'
import type { Worker, WorkerContext } from './worker.ts'

/** Who owns what these workers wrote of a definition. */
export const kindsManager = 'hutch-controller-kinds'

/**
 * Makes the definitions that a controller brings and brings them up to date with this release, by server-side apply without
 * force: whatever somebody else has set stays, and so does a definition that somebody else has made otherwise. One that is
 * deleted comes back. Nothing is deleted.
 */
export function kindProvider(
  name: string,
  identity: string,
  definitions: readonly CustomResourceDefinition[],
): Worker {
  const byName = new Map(definitions.map(each => [each.metadata.name!, each]))
  return {
    name: `${name}-kinds`,
    identity,
    concurrency: 1,
    start(context) {
      context.watch(customResourceDefinitions, (object, old) =>
        !object && byName.has(old?.metadata.name ?? '') ? [old?.metadata.name] : [],
      )
      for (const key of byName.keys()) context.enqueue(key)
      return async key => {
        await provide(context, byName.get(key)!)
        return {}
      }
    },
  }
}

async function provide(
  { client, ports }: WorkerContext,
  definition: CustomResourceDefinition,
): Promise<void> {
  try {
    await client.apply(customResourceDefinitions, definition, { fieldManager: kindsManager })
  } catch (error) {
    if (!isConflict(error)) throw error
    const fields = { definition: definition.metadata.name, error: messageOf(error) }
    ports.log.warn('a definition is somebody else’s and stays as it is', fields)
  }
}

import { customResourceDefinitions } from '../api/apiextensions/custom-resource-definition.ts'
import type { CustomResourceDefinition } from '../api/types/apiextensions-v1.gen.ts'
import { isConflict } from '../client/failure.ts'
import type { Informers } from '../client/informers.ts'
import type { ResourceName } from '../client/resource.ts'
import { findCondition } from '../machinery/meta/conditions.ts'
import { messageOf } from '../std/message.ts'
import type { Ports } from '../std/ports.ts'
import { whenAborted } from '../std/sleep.ts'
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

/** Resolves once all these kinds are served, in the version that is named, or `signal` has aborted. */
export async function untilServed(
  kinds: readonly ResourceName[],
  informers: Informers,
  { log }: Pick<Ports, 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const informer = informers.of(customResourceDefinitions)
  const missing = () =>
    kinds.filter(kind => !serves(informer.store.get(undefined, `${kind.plural}.${kind.group}`), kind))
  const served = Promise.withResolvers<void>()
  await Promise.race([informer.whenSynced(), whenAborted(signal)])
  if (signal.aborted || missing().length === 0) return
  log.info('waits for its kinds', {
    kinds: missing()
      .map(({ kind }) => kind)
      .join(),
  })
  const cancel = informer.onLaterChange(() => {
    if (missing().length === 0) served.resolve()
  })
  await Promise.race([served.promise, whenAborted(signal)])
  cancel()
}

function serves(definition: CustomResourceDefinition | undefined, { version }: ResourceName): boolean {
  const isEstablished = findCondition(definition?.status?.conditions, 'Established')?.status === 'True'
  return isEstablished && !!definition?.spec.versions.some(each => each.served && each.name === version)
}

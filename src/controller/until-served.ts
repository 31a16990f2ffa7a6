import { customResourceDefinitions } from '../api/apiextensions/custom-resource-definition.ts'
import type { CustomResourceDefinition } from '../api/types/apiextensions-v1.gen.ts'
import type { Informers } from '../client/informers.ts'
import type { ResourceName } from '../client/resource.ts'
import { findCondition } from '../machinery/meta/conditions.ts'
import type { Ports } from '../std/ports.ts'
import { whenAborted } from '../std/sleep.ts'

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

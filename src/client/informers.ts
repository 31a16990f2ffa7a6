import type { KubeObject } from '../machinery/meta/object.ts'
import type { Ports } from '../std/ports.ts'
import type { Client } from './client.ts'
import { createInformer, type Informer } from './informer.ts'
import { type ResourceName, type ResourceRef, resourceId } from './resource.ts'

/** Shares one informer per resource among everything that runs under one identity. */
export interface Informers {
  /** The informer of a resource; it starts with the first asking. */
  of<T extends KubeObject>(resource: ResourceRef<T>): Informer<T>
  /** Ends the informer of a resource that is no more (a deleted CustomResourceDefinition). */
  forget(resource: ResourceName): void
  /** Resolves once every informer that was asked for so far has its first complete list. */
  whenSynced(): Promise<void>
  /** Resolves once `signal` has aborted and all watches are closed. */
  readonly done: Promise<void>
}

export interface InformersOptions {
  readonly client: Client
  readonly ports: Ports
  readonly signal: AbortSignal
}

export function createInformers({ client, ports, signal }: InformersOptions): Informers {
  const entries = new Map<
    string,
    { readonly informer: Informer<never>; readonly stop: AbortController; readonly run: Promise<void> }
  >()
  const ended: Promise<void>[] = []
  const start = <T extends KubeObject>(resource: ResourceRef<T>): Informer<T> => {
    const informer = createInformer({ client, resource, ports })
    const stop = new AbortController()
    if (signal.aborted) stop.abort()
    const run = informer.run(stop.signal)
    entries.set(resourceId(resource), { informer: informer as unknown as Informer<never>, stop, run })
    return informer
  }
  const aborted = new Promise<void>(resolve => {
    const end = () => {
      for (const { stop } of entries.values()) stop.abort()
      resolve()
    }
    if (signal.aborted) end()
    signal.addEventListener('abort', end, { once: true })
  })
  return {
    of: <T extends KubeObject>(resource: ResourceRef<T>) =>
      (entries.get(resourceId(resource))?.informer as unknown as Informer<T> | undefined) ?? start(resource),
    forget(resource) {
      const entry = entries.get(resourceId(resource))
      if (!entry) return
      entries.delete(resourceId(resource))
      entry.stop.abort()
      ended.push(entry.run)
    },
    async whenSynced() {
      await Promise.all([...entries.values()].map(({ informer }) => informer.whenSynced()))
    },
    done: aborted.then(async () => {
      await Promise.all([...ended, ...[...entries.values()].map(({ run }) => run)])
    }),
  }
}

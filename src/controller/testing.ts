import { createClient } from '../client/client.ts'
import { createObjectStore, type ObjectStore } from '../client/object-store.ts'
import { type ResourceName, type ResourceRef, resourceId } from '../client/resource.ts'
import { FakeTransport } from '../client/testing.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import { simPorts } from '../std/sim-ports.ts'
import { runControllers } from './run.ts'
import { type View, viewFor } from './view.ts'
import type { Worker, WorkerStats } from './worker.ts'

/** A view made by hand, for testing a plan without a server. */
export function handmadeView(
  object: KubeObject,
  contents: readonly (readonly [ResourceName, readonly KubeObject[]])[],
): View {
  const stores = new Map(
    contents.map(([resource, objects]) => [resourceId(resource), createObjectStore(objects)]),
  )
  const store = <R extends KubeObject>(resource: ResourceRef<R>): ObjectStore<R> => {
    const found = stores.get(resourceId(resource)) ?? createObjectStore<KubeObject>()
    stores.set(resourceId(resource), found)
    return found as unknown as ObjectStore<R>
  }
  return viewFor(object, store)
}

/** Controllers over a fake transport in virtual time. */
export function startControllers(table: readonly Worker[], seed = 1) {
  const transport = new FakeTransport()
  const ports = simPorts(seed)
  const stop = new AbortController()
  const stats = new Map<string, WorkerStats>()
  const options = { transportFor: () => transport, informerTransport: transport, stats }
  const run = () => runControllers(table, options)(ports, stop.signal)
  return { transport, ports, stop, stats, client: createClient(transport), run }
}

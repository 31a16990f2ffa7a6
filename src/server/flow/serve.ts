import { flowSchemas } from '../../api/flowcontrol/flow-schema.ts'
import { priorityLevelConfigurations } from '../../api/flowcontrol/priority-level-configuration.ts'
import type { Registry } from '../../api/registry.ts'
import type { Ports } from '../../std/ports.ts'
import { type CacheSources, createCacheSources } from '../cache-sources.ts'
import { collectionPrefix, type WatchCache } from '../watchcache/index.ts'
import { createFlowControl, type FlowControl } from './flow-control.ts'

/** What priority and fairness hangs on. */
export interface FlowSetup {
  readonly cache: WatchCache
  readonly registry: Registry
  readonly ports: Ports
  readonly totalSeats: number
}

/** Priority and fairness by the objects in the cache, until `signal` aborts. */
export function serveFlowControl(
  { cache, registry, ports, totalSeats }: FlowSetup,
  signal: AbortSignal,
): FlowControl {
  const sources = createCacheSources()
  sources.bind(cache, signal)
  const flow = createFlowControl({
    ports,
    totalSeats,
    ...flowSources(sources),
    countObjects({ group: of, version, resource, namespace }) {
      const found = registry.find(of, version, resource)
      return found && cache.count(collectionPrefix(found.storage, found.namespaced ? namespace : ''))
    },
  })
  const stop = flow.start()
  signal.addEventListener('abort', stop, { once: true })
  return flow
}

/** The two kinds that drive it. */
export function flowSources(sources: CacheSources) {
  return { schemas: sources.of(flowSchemas), levels: sources.of(priorityLevelConfigurations) }
}

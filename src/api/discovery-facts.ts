import { type DiscoveredResource, discovery } from './schema/discovery.ts'

let index: ReadonlyMap<string, DiscoveredResource> | undefined

/** Facts of a built-in resource, by its kind. Undefined for a kind that a stock server does not serve by default. */
export function discoveryFacts(group: string, version: string, kind: string): DiscoveredResource | undefined {
  index ??= new Map(
    discovery().resources.map(resource => [toKey(resource.group, resource.version, resource.kind), resource]),
  )
  return index.get(toKey(group, version, kind))
}

function toKey(group: string, version: string, kind: string): string {
  return `${group}/${version}/${kind}`
}

import { type DiscoveredResource, discovery } from './schema/discovery.ts'

interface Facts {
  readonly resource: DiscoveredResource
  /** Served only when it is asked for. */
  readonly isOptional: boolean
}

let index: ReadonlyMap<string, Facts> | undefined

/** Facts of a built-in resource, by its kind. Undefined for a kind that no stock server of this version serves. */
export function discoveryFacts(group: string, version: string, kind: string): Facts | undefined {
  index ??= new Map([...rowsOf('resources', false), ...rowsOf('optional', true)])
  return index.get(toKey(group, version, kind))
}

function rowsOf(part: 'resources' | 'optional', isOptional: boolean): (readonly [string, Facts])[] {
  return discovery()[part].map(resource => {
    const { group, version, kind } = resource
    return [toKey(group, version, kind), { resource, isOptional }]
  })
}

function toKey(group: string, version: string, kind: string): string {
  return `${group}/${version}/${kind}`
}

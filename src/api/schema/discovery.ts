import type { Verb } from '../define.ts'
import text from './discovery.json' with { type: 'text' }

/** What a stock 1.35 API server says of its resources; written by `scripts/schema/discovery.ts`. */
export interface DiscoveryDocument {
  readonly version: string
  /** In the order that `/apis` lists them, core first. */
  readonly groups: readonly DiscoveredGroup[]
  readonly resources: readonly DiscoveredResource[]
  /** What it serves beside these when `--runtime-config` and feature gates turn everything on. */
  readonly optional: readonly DiscoveredResource[]
}

export interface DiscoveredGroup {
  readonly name: string
  /** Preferred first. */
  readonly versions: readonly string[]
  readonly preferredVersion: string
}

export interface DiscoveredResource {
  readonly group: string
  readonly version: string
  /** Plural, lower case. */
  readonly name: string
  readonly singular: string
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs: readonly Verb[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  /** The group and version that objects are stored in; absent for what is never stored. */
  readonly storage?: string
  readonly subresources?: readonly DiscoveredSubresource[]
  /** Name, type, format and priority of the server's Table columns; absent for what cannot be listed. */
  readonly columns?: readonly (readonly [name: string, type: string, format: string, priority: number])[]
}

export interface DiscoveredSubresource {
  readonly name: string
  /** `get` and `create` of a connector (exec, proxy) are among them. */
  readonly verbs: readonly Verb[]
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string }
}

let document: DiscoveryDocument | undefined

/** The stock server's discovery, read at first use. */
export function discovery(): DiscoveryDocument {
  document ??= JSON.parse(text as unknown as string) as DiscoveryDocument
  return document
}

/** One resource of the stock server, or undefined when it does not serve it by default. */
export function discoveredResource(
  group: string,
  version: string,
  plural: string,
): DiscoveredResource | undefined {
  return discovery().resources.find(
    resource => resource.name === plural && resource.version === version && resource.group === group,
  )
}

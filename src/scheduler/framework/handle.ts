import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/events.ts'
import type { ObjectStore } from '../../client/object-store.ts'
import type { ResourceName, ResourceRef } from '../../client/resource.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { Cancel, Ports } from '../../std/ports.ts'
import type { ClusterSnapshot } from '../snapshot/cluster-snapshot.ts'
import type { NominatedPods } from '../snapshot/nominated-pods.ts'
import type { SchedulerPlugin } from './plugin.ts'

/** What a plugin may hold on to: the cluster as it is known, and the ways to change it. */
export interface Handle {
  readonly ports: Ports
  readonly client: Client
  readonly recorder: EventRecorder
  readonly lists: Lists
  readonly snapshot: ClusterSnapshot
  readonly nominated: NominatedPods
  /** Sends a waiting pod (`namespace/name`) to its next try at once. */
  activate(key: string): void
}

/** The objects of the kinds that plugins read; empty for one that nobody watches. */
export interface Lists {
  of<T extends KubeObject>(resource: ResourceRef<T>): ObjectStore<T>
  /** Calls `handler` after each change of the kind, until it is cancelled. */
  onChange(resource: ResourceName, handler: () => void): Cancel
}

/** Makes a plugin for one scheduler. `args` are its own of KubeSchedulerConfiguration. */
export interface PluginFactory {
  (handle: Handle, args: PluginArgs): SchedulerPlugin
  /** Throws a sentence that names the field for what the plugin cannot take. Absent: it takes none. */
  readonly check?: (args: PluginArgs, path: string) => void
}

export type PluginArgs = Readonly<Record<string, unknown>>

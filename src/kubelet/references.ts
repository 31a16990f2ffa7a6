import type { ConfigMap, Secret } from '../api/types/core-v1.gen.ts'
import type { Client } from '../client/client.ts'
import { orUndefined } from '../client/failure.ts'
import { createInformer, type Informer } from '../client/informer.ts'
import type { ResourceRef } from '../client/resource.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import type { Ports } from '../std/ports.ts'
import { configMaps, secrets } from './resources.ts'

/**
 * ConfigMaps and Secrets that this node's pods name. A volume's object is watched, one watch per object as the
 * node authorizer allows it, while a pod holds on to it; one that only an environment names is read once.
 */
export interface References {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>
  secret(namespace: string, name: string): Promise<Secret | undefined>
  /** Keeps an object live for a pod; `changed` is called when it changes. */
  hold(podUid: string, kind: 'ConfigMap' | 'Secret', key: ObjectName, changed: () => void): void
  release(podUid: string): void
}

export interface ObjectName {
  readonly namespace: string
  readonly name: string
}

interface Live {
  readonly informer: Informer<KubeObject>
  readonly stop: AbortController
  /** By pod uid. */
  readonly holders: Map<string, () => void>
}

export function createReferences({ client, ports }: { client: Client; ports: Ports }): References {
  const live = new Map<string, Live>()

  const read = async <T extends KubeObject>(resource: ResourceRef<T>, { namespace, name }: ObjectName) => {
    const held = live.get(idOf(resource.kind, { namespace, name }))
    if (!held) return orUndefined(client.get(resource, namespace, name))
    await held.informer.whenSynced()
    return held.informer.store.get(namespace, name) as T | undefined
  }

  const start = (resource: ResourceRef<KubeObject>, { namespace, name }: ObjectName): Live => {
    const fieldSelector = `metadata.name=${name}`
    const informer = createInformer({ client, ports, resource, namespace, fieldSelector })
    const made: Live = { informer, stop: new AbortController(), holders: new Map() }
    informer.onChange(({ old }) => {
      if (old || informer.synced()) for (const changed of made.holders.values()) changed()
    })
    void informer.run(made.stop.signal)
    return made
  }

  return {
    configMap: (namespace, name) => read(configMaps, { namespace, name }),
    secret: (namespace, name) => read(secrets, { namespace, name }),
    hold(podUid, kind, key, changed) {
      const id = idOf(kind, key)
      const resource = (kind === 'ConfigMap' ? configMaps : secrets) as ResourceRef<KubeObject>
      const entry = live.get(id) ?? start(resource, key)
      live.set(id, entry)
      entry.holders.set(podUid, changed)
    },
    release(podUid) {
      for (const [id, { holders, stop }] of live) {
        if (!holders.delete(podUid) || holders.size > 0) continue
        stop.abort()
        live.delete(id)
      }
    },
  }
}

function idOf(kind: string, { namespace, name }: ObjectName): string {
  return `${kind}/${namespace}/${name}`
}

import type { APIService } from '../../api/types/apiregistration-v1.gen.ts'
import { isConditionTrue } from '../../machinery/meta/conditions.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import type { Source } from '../lister.ts'

/** A group and version that a server behind a Service answers for. */
export interface RemoteApi {
  readonly group: string
  readonly version: string
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number }
  /** PEM; absent: the system's authorities. */
  readonly ca?: string
  readonly isInsecure: boolean
  readonly isAvailable: boolean
  readonly groupPriority: number
  readonly versionPriority: number
  /** Its APIResourceList as it was last told; absent until then. */
  readonly resources?: JsonObject
}

/** The remote part of the API, kept in step with the APIService objects. */
export interface RemoteApis {
  find(group: string, version: string): RemoteApi | undefined
  all(): readonly RemoteApi[]
  /** Notes what a server says that it serves. */
  told(group: string, version: string, resources: JsonObject): void
  /** The returned function ends it. */
  onChange(listener: () => void): () => void
}

const httpsPort = 443

/** Follows the APIServices of `source` that name a Service. */
export function followRemoteApis(source: Source<APIService>): RemoteApis {
  const byName = new Map<string, RemoteApi>()
  const listeners = new Set<() => void>()
  const tell = () => {
    for (const listener of listeners) listener()
  }
  source.onChange(({ old, now }) => {
    const name = (now ?? old)?.metadata.name ?? ''
    const remote = now && toRemote(now, byName.get(name)?.resources)
    if (remote) byName.set(name, remote)
    else if (!byName.delete(name)) return
    tell()
  })
  return {
    find: (group, version) => byName.get(nameOf(group, version)),
    all: () => [...byName.values()],
    told(group, version, resources) {
      const known = byName.get(nameOf(group, version))
      if (!known || JSON.stringify(known.resources) === JSON.stringify(resources)) return
      byName.set(nameOf(group, version), { ...known, resources })
      tell()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** An APIService is called by what it is for: `v1beta1.metrics.k8s.io`. */
export function nameOf(group: string, version: string): string {
  return `${version}.${group}`
}

export function isAvailable({ status }: APIService): boolean {
  return isConditionTrue(status?.conditions, 'Available')
}

function toRemote(apiService: APIService, resources: JsonObject | undefined): RemoteApi | undefined {
  const { spec } = apiService
  if (!spec?.service) return undefined
  const { group = '', version = '', caBundle, insecureSkipTLSVerify } = spec
  const { namespace = '', name = '', port = httpsPort } = spec.service
  const ca = Buffer.from(caBundle ?? '', 'base64').toString()
  return {
    group,
    version,
    service: { namespace, name, port },
    ...(ca.trim() !== '' && { ca }),
    isInsecure: insecureSkipTLSVerify ?? false,
    isAvailable: isAvailable(apiService),
    groupPriority: spec.groupPriorityMinimum,
    versionPriority: spec.versionPriority,
    ...(resources && { resources }),
  }
}

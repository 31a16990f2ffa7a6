import type { KubeObject } from '../machinery/meta/object.ts'

/** All that a client must know of a kind: what its path and its objects are called. */
export interface ResourceName {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
  readonly namespaced: boolean
}

/**
 * A `ResourceName` that also carries the type of its objects. Every `Resource<T>` of `src/api` is one; the
 * optional member is there only so that the compiler can tell `T`.
 */
export interface ResourceRef<T extends KubeObject> extends ResourceName {
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>
}

/** `deployments.apps/v1`: tells two resources apart in a map or a log line. */
export function resourceId(resource: ResourceName): string {
  return `${resource.plural}.${resource.group}/${resource.version}`
}

/** `namespace/name`, or `name` for an object that lives in no namespace. */
export function objectKey(object: KubeObject): string {
  return toKey(object.metadata.namespace, object.metadata.name ?? '')
}

/** The key under which stores and queues know an object. */
export function toKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name
}

/** Takes a key apart; the namespace is undefined for cluster-scoped objects. */
export function fromKey(key: string): { readonly namespace: string | undefined; readonly name: string } {
  const slash = key.indexOf('/')
  if (slash < 0) return { namespace: undefined, name: key }
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

/**
 * Orders two resourceVersions of one resource (KEP-5504: decimal numbers of any length). Absent sorts first.
 */
export function compareRevisions(a: string | undefined, b: string | undefined): number {
  const left = a ?? ''
  const right = b ?? ''
  if (left.length !== right.length) return left.length - right.length
  if (left === right) return 0
  return left < right ? -1 : 1
}

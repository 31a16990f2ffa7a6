import { toApiVersion } from '../machinery/meta/group.ts'
import type { JsonObject, KubeList, KubeObject } from '../machinery/meta/object.ts'
import type { ResourceName, ResourceRef } from './resource.ts'
import type { ApiCall, CallOptions, PatchType, Transport, WatchEvent } from './transport.ts'

/**
 * The typed face of a `Transport`. Objects that come back may be shared and frozen: copy before changing one.
 * `namespace` is undefined for cluster-scoped resources, and in lists and watches for all namespaces.
 * Failures are `StatusError`s.
 */
export interface Client {
  get<T extends KubeObject>(resource: ResourceRef<T>, namespace: string | undefined, name: string): Promise<T>
  list<T extends KubeObject>(resource: ResourceRef<T>, scope?: Scope): Promise<KubeList<T>>
  /** Goes to the object's own `metadata.namespace`. */
  create<T extends KubeObject>(resource: ResourceRef<T>, object: T, options?: CallOptions): Promise<T>
  update<T extends KubeObject>(resource: ResourceRef<T>, object: T, options?: CallOptions): Promise<T>
  updateStatus<T extends KubeObject>(resource: ResourceRef<T>, object: T, options?: CallOptions): Promise<T>
  patch<T extends KubeObject>(
    resource: ResourceRef<T>,
    namespace: string | undefined,
    name: string,
    patch: Patch,
  ): Promise<T>
  /** Server-side apply of a partial object; creates what is not there. */
  apply<T extends KubeObject>(
    resource: ResourceRef<T>,
    object: Partial<T> & KubeObject,
    options: ApplyOptions,
  ): Promise<T>
  /** Answers the object when it stays (grace, finalizers), else a Status. */
  delete(
    resource: ResourceName,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions,
  ): Promise<KubeObject>
  deleteCollection(resource: ResourceName, scope: Scope, options?: DeleteOptions): Promise<KubeObject>
  /** `binding`, `eviction`, `token`, `scale`, `approval`, …: `body` is the subresource's own kind. */
  subresource<T extends KubeObject = KubeObject>(resource: ResourceName, call: SubresourceCall): Promise<T>
  /** See `Transport.watch`. */
  watch<T extends KubeObject>(
    resource: ResourceRef<T>,
    scope: Scope,
    sink: WatchSink<T>,
    signal: AbortSignal,
  ): Promise<void>
}

export interface Scope extends CallOptions {
  readonly namespace?: string
}

export type WatchSink<T extends KubeObject> = (events: readonly WatchEvent<T>[]) => void

export interface Patch {
  readonly type: PatchType
  readonly body: JsonObject | KubeObject | readonly unknown[]
  readonly subresource?: string
  readonly options?: CallOptions
}

export interface ApplyOptions extends CallOptions {
  readonly fieldManager: string
  readonly subresource?: string
}

/** meta/v1 DeleteOptions. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly dryRun?: readonly string[]
}

export interface SubresourceCall {
  readonly verb: 'get' | 'create' | 'update'
  readonly namespace: string | undefined
  readonly name: string
  readonly subresource: string
  readonly body?: KubeObject
  readonly options?: CallOptions
}

export const mergePatch: PatchType = 'application/merge-patch+json'
export const strategicPatch: PatchType = 'application/strategic-merge-patch+json'
const applyPatch: PatchType = 'application/apply-patch+yaml'

/** Makes a client of any transport; it keeps no state. */
export function createClient(transport: Transport): Client {
  const call = <T>(apiCall: ApiCall) => transport.call(apiCall) as Promise<KubeObject> as Promise<T>
  const write = <T extends KubeObject>(
    verb: 'update' | 'patch',
    resource: ResourceName,
    object: KubeObject,
    rest: Partial<ApiCall>,
  ) =>
    call<T>({
      ...target(resource, verb, object.metadata.namespace, object.metadata.name),
      body: object,
      ...rest,
    })
  return {
    get: (resource, namespace, name) => call(target(resource, 'get', namespace, name)),
    list: (resource, scope = {}) => call(scoped(resource, 'list', scope)),
    create: (resource, object, options) =>
      call({ ...target(resource, 'create', object.metadata.namespace, undefined), body: object, options }),
    update: (resource, object, options) => write('update', resource, object, { options }),
    updateStatus: (resource, object, options) =>
      write('update', resource, object, { subresource: 'status', options }),
    patch: (resource, namespace, name, { type, body, subresource, options }) =>
      call({ ...target(resource, 'patch', namespace, name), patchType: type, body, subresource, options }),
    apply: (resource, object, { subresource, ...options }) =>
      write('patch', resource, withType(resource, object), { patchType: applyPatch, subresource, options }),
    delete: (resource, namespace, name, options) =>
      call({ ...target(resource, 'delete', namespace, name), body: deleteBody(options) }),
    deleteCollection: (resource, scope, options) =>
      call({ ...scoped(resource, 'deletecollection', scope), body: deleteBody(options) }),
    subresource: (resource, { verb, namespace, name, ...rest }) =>
      call({ ...target(resource, verb, namespace, name), ...rest }),
    watch: <T extends KubeObject>(
      resource: ResourceRef<T>,
      scope: Scope,
      sink: WatchSink<T>,
      signal: AbortSignal,
    ) => transport.watch(scoped(resource, 'watch', scope), sink as WatchSink<KubeObject>, signal),
  }
}

function target(
  resource: ResourceName,
  verb: ApiCall['verb'],
  namespace: string | undefined,
  name: string | undefined,
): ApiCall {
  return {
    verb,
    group: resource.group,
    version: resource.version,
    resource: resource.plural,
    namespace,
    name,
  }
}

function scoped(resource: ResourceName, verb: ApiCall['verb'], scope: Scope): ApiCall {
  const { namespace, ...options } = scope
  return { ...target(resource, verb, namespace, undefined), options }
}

function withType(resource: ResourceName, object: KubeObject): KubeObject {
  const apiVersion = toApiVersion(resource.group, resource.version)
  return { ...object, apiVersion, kind: resource.kind }
}

function deleteBody(options: DeleteOptions | undefined): JsonObject | undefined {
  return options && { apiVersion: 'v1', kind: 'DeleteOptions', ...options }
}

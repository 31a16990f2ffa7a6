import type { JsonObject, KubeObject } from '../machinery/meta/object.ts'
import type { ObjectSchema } from '../machinery/schema/schema.ts'
import type { Column } from '../machinery/table/column.ts'
import type { FieldErrors } from '../machinery/validation/field-error.ts'
import type { Steps } from '../std/turns.ts'
import type { SwitchedGate } from './features/gates.ts'

/**
 * A kind is data: one entry, and routes, discovery, OpenAPI, watch, Table, patching, apply, RBAC, selectors,
 * garbage collection and protobuf follow from it. Shared code never asks which kind it has; what differs
 * is a property here. A CustomResourceDefinition becomes such an entry while the server runs.
 */
export interface Resource<T extends KubeObject = KubeObject> {
  readonly group: string
  readonly version: string
  readonly kind: string
  /** `pods` */
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  readonly verbs: readonly Verb[]
  readonly schema: ObjectSchema
  /** The list's kind, nearly always `<Kind>List`. */
  readonly listKind: string
  /**
   * Where objects lie in the store: `/registry/<storage.group>/<storage.plural>/…`, always encoded in
   * `storage.version`. Two served versions (or core and events.k8s.io Events) of one kind share it.
   */
  readonly storage: StorageLocation
  readonly strategy: Strategy<T>
  readonly subresources: readonly Subresource<T>[]
  /** Server-printed Table columns, in order; `name` and `age` are spelled out. */
  readonly columns: readonly Column<T>[]
  /** Field selectors besides metadata.name and metadata.namespace, by path as the user writes it. */
  readonly selectableFields: Readonly<Record<string, (object: T) => string>>
  /** What a client is told that selects by another field, where the kind has words of its own. */
  readonly unknownField?: (field: string) => string
  /** `Warning:` header text of every request for a kind that is on its way out. */
  readonly deprecation?: string
  /** Turns an object of this version into the storage version and back; absent where they are the same. */
  readonly conversion?: Conversion
  /** Served only while this feature gate is on, whatever `--runtime-config` says. */
  readonly gate?: SwitchedGate
  /** Set for kinds that a CustomResourceDefinition defines; they have no protobuf form and no strategic merge. */
  readonly custom?: CustomKind
  /** Names what answers get and list in the server's table: objects of this kind are made when asked for, not stored. */
  readonly reader?: string
  /** Marks of a Table row (`Completed`), upstream's TableRowCondition. */
  readonly rowConditions?: (object: T) => readonly JsonObject[]
  /** Annotations that are fields of upstream's internal form: only the whole object shows them, no row and no bare metadata. */
  readonly formAnnotations?: readonly string[]
  /** What an empty object of upstream's internal form has besides zero values: bookmarks show it. */
  readonly emptyForm?: JsonObject
}

export interface CustomKind {
  /** Drops what the schema does not name, in place; answers the paths of what was dropped. */
  readonly prune: (object: KubeObject) => readonly string[]
  /** Drops nulls in whose place there is a default, in place; the others are for validation to judge. */
  readonly dropDefaulted: (object: KubeObject) => void
  /** The OpenAPI v3 schema as it was defined. */
  readonly openApi: JsonObject
  /** The schema of another version of the definition: what is stored in it is defaulted by it. */
  readonly schemaOf?: (version: string) => ObjectSchema | undefined
  /** Drops what the schema of another version, in which an object is stored, does not know. */
  readonly pruneStored?: (object: KubeObject, version: string) => void
  /**
   * Asks the definition's webhook for objects of other versions in this `apiVersion`, in the same order. Absent: the
   * versions differ in name alone.
   */
  readonly convert?: (objects: readonly KubeObject[], apiVersion: string) => Promise<readonly KubeObject[]>
  /** Finds out in steps what the strategy's validation of these two then knows at once: rules may take long. */
  readonly judge?: (object: KubeObject, old: KubeObject | undefined, subresource: string) => Steps<void>
  /** The definition is being deleted: nothing new may come. */
  readonly isTerminating?: boolean
}

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch'

export interface StorageLocation {
  readonly group: string
  readonly plural: string
  readonly version: string
  /** Written behind: leases and heartbeats. */
  readonly volatile?: boolean
  /** Upstream keeps no watch cache of it (events): a list of any age keeps to its limit. */
  readonly uncached?: boolean
  /** Upstream stores it as JSON, which has a word for an empty list, where others lose it. */
  readonly keepsEmpties?: boolean
}

export interface Conversion {
  toStorage(object: KubeObject): KubeObject
  fromStorage(object: KubeObject): KubeObject
}

/**
 * What upstream calls a registry strategy (apiserver pkg/registry/rest). Functions get objects that they may
 * change in place (private copies); `old` is frozen. All are optional except through `defineResource`'s defaults.
 */
export interface Strategy<T extends KubeObject = KubeObject> {
  /** Defaulting beyond the schema's `+default` markers (upstream's SetDefaults_*). Runs on every decode. */
  readonly setDefaults?: (object: T) => void
  /** What the same adds to a new object after admission: upstream defaults once more what comes from its store. */
  readonly setLateDefaults?: (object: T) => void
  /** Clears what a creator may not set (status), fills what the server owns. */
  readonly prepareForCreate?: (object: T, context: StrategyContext) => void
  readonly prepareForUpdate?: (object: T, old: T, context: StrategyContext) => void
  readonly validate?: (object: T, errors: FieldErrors) => void
  /**
   * Names a hook of the server's table that fills what needs a view of the whole cluster (cluster IPs, node
   * ports). It runs after `prepareForCreate` and `prepareForUpdate`, and again with the old object on delete.
   */
  readonly allocator?: string
  /** Runs before `validate`: rules that ask for the labels of the namespace around the object. */
  readonly validateInNamespace?: (
    object: T,
    old: T | undefined,
    labels: Readonly<Record<string, string>>,
    errors: FieldErrors,
  ) => void
  /** Runs after `validate`; immutable fields live here. */
  readonly validateUpdate?: (object: T, old: T, errors: FieldErrors) => void
  /** Metadata of a new object is looked at when `validate` finds nothing wrong (core/v1 events). */
  readonly checksMetadataLast?: boolean
  /** `validate` is for new objects alone: `validateUpdate` says all there is to say about a change. */
  readonly validatesOnceOnly?: boolean
  /** `Warning:` headers of what upstream already minds when it prepares or validates: a refusal has them too. */
  readonly earlyWarnings?: (object: T, old: T | undefined) => readonly string[]
  /** `Warning:` header texts for a create or update. */
  readonly warnings?: (object: T, old: T | undefined) => readonly string[]
  /** No suffix can make a name of a `generateName` (addresses): it is the name as it is. */
  readonly takesNoSuffix?: boolean
  /** Default: DNS-1123 subdomain. */
  readonly validateName?: (name: string, prefix: boolean, object: T) => readonly string[]
  /** Finalizers without a domain must be Kubernetes' own: most built-in kinds. */
  readonly standardFinalizers?: boolean
  /** PUT of an absent object creates it (leases, endpoints, …). */
  readonly allowCreateOnUpdate?: boolean
  /** PUT without resourceVersion is an overwrite. */
  readonly allowUnconditionalUpdate?: boolean
  /**
   * The kind has `metadata.generation`, raised when anything but metadata and status changes; `changesOnly`: a new object
   * has none of the server's.
   */
  readonly hasGeneration?: boolean | 'changesOnly'
  /** To the generation an empty list or map is another thing than none (kinds that upstream compares by reflect.DeepEqual). */
  readonly countsEmpties?: boolean
  /** Seconds between DELETE and removal when the client names none; undefined: removed at once. */
  readonly defaultGraceSeconds?: (object: T) => number | undefined
  /** DELETE removes at once, whatever grace the client asks for (pods on no node, finished pods). */
  readonly deletesAtOnce?: (object: T) => boolean
  /** Default finalizer policy of DELETE without propagationPolicy: `orphan` for old workloads, else background. */
  readonly defaultPropagation?: 'Orphan' | 'Background'
  /** Nothing depends on such objects (events): a DELETE never waits for the garbage collector. */
  readonly hasNoDependents?: boolean
  /** `Warning:` text of a DELETE that leaves `defaultPropagation` to decide. */
  readonly propagationWarning?: string
  /**
   * Fields that a write through the main door cannot own, besides those that a status subresource writes; `none`: the
   * status is a field like others there, and all that is sent through either door is owned (upstream resets nothing).
   */
  readonly resetFields?: readonly (readonly string[])[] | 'none'
  /** Keeps an object that is being deleted beside its finalizers (a namespace's own ones in its spec). */
  readonly holdsDeletion?: (object: T) => boolean
  /** What the start of a deletion changes besides metadata (`status.phase: Terminating`). */
  readonly markDeleting?: (object: T) => void
  /** Added when a deletion starts, so that somebody can clean up first. */
  readonly deletionFinalizer?: string
  /** DELETE answers the removed object and not a Status (upstream's ReturnDeletedObject). */
  readonly returnsDeletedObject?: boolean
  /** What documents say of that, where it is something else. */
  readonly tellsDeletedObject?: boolean
  /** The server answers a create without storing (reviews): the answer to POST. */
  readonly ephemeral?: boolean
}

/** Checks `metadata.name`; each string is one reason why it is wrong (upstream validation.NameIs…). */
export type NameRule = (name: string, prefix: boolean) => readonly string[]

export interface StrategyContext {
  /** RFC 3339, seconds. */
  readonly now: string
  readonly namespace: string | undefined
  /** Who asks; certificate requests record it. */
  readonly user?: {
    readonly username: string
    readonly uid?: string
    readonly groups: readonly string[]
    readonly extra?: Readonly<Record<string, readonly string[]>>
  }
}

/**
 * `status`-like subresources write a part of the object and are data alone. Those with behaviour of their own
 * (`exec`, `log`, `token`, `binding`, `eviction`) name a `connector` that the server's table provides.
 */
export interface Subresource<T extends KubeObject = KubeObject> {
  readonly name: string
  readonly verbs: readonly Verb[]
  /** When the body is another kind: `autoscaling/v1 Scale`, `v1 Binding`. */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string }
  /** The top-level fields that this subresource may write; everything else is taken from the old object. */
  readonly writes?: readonly string[]
  /** Labels, annotations and the like cannot be changed through it; `claimed`: managedFields say so all the same. */
  readonly keepsMetadata?: boolean | 'claimed'
  /** Fields that a write through this door cannot own, besides those that it does not write. */
  readonly resetFields?: readonly (readonly string[])[]
  /** `pods/exec`: behaviour of its own, looked up in the server's table. Absent for those that are data alone. */
  readonly connector?: string
  /** It is not shown in a table, where upstream's storage of it makes none. */
  readonly hasTable?: boolean
  readonly strategy?: Pick<
    Strategy<T>,
    | 'prepareForUpdate'
    | 'validate'
    | 'validateInNamespace'
    | 'validateUpdate'
    | 'validatesOnceOnly'
    | 'earlyWarnings'
    | 'warnings'
    | 'hasGeneration'
  >
  /** How this object looks as autoscaling/v1 Scale. */
  readonly scale?: ScaleView<T>
}

export interface ScaleView<T extends KubeObject> {
  readonly specReplicas: (object: T) => number
  /** Where `specReplicas` lies. */
  readonly replicasPath: readonly string[]
  readonly setReplicas: (object: T, replicas: number) => void
  readonly statusReplicas: (object: T) => number
  /** Label selector in its text form. */
  readonly selector: (object: T) => string
}

/**
 * What is known about a type, whether it comes from the generated facts of a built-in kind or from a custom
 * resource's OpenAPI schema. Decoding, unknown fields, defaults, strategic merge, apply, protobuf, OpenAPI
 * and `explain` all walk this one shape.
 *
 * In memory every object has its JSON shape, also when it came as protobuf.
 */
export type Schema = ObjectSchema | MapSchema | ListSchema | ScalarSchema

export interface ObjectSchema {
  readonly kind: 'object'
  /** Go package path and type, `k8s.io/api/core/v1.PodSpec`; absent for anonymous custom schemas. */
  readonly name?: string
  /** By JSON name, inlined (embedded) structs flattened. */
  readonly fields: ReadonlyMap<string, Field>
  /** Protobuf layout, absent for types that have none. Inlined structs are nested messages here. */
  readonly proto?: readonly ProtoField[]
  /** Whole-object replacement in apply (`x-kubernetes-map-type: atomic`). */
  readonly atomic?: boolean
  /** Unknown fields are kept (`x-kubernetes-preserve-unknown-fields`). */
  readonly preserveUnknown?: boolean
  /** Unions (`x-kubernetes-unions`) are not used by 1.35 types. */
}

export interface MapSchema {
  readonly kind: 'map'
  readonly values: Schema
  readonly atomic?: boolean
  /** As Go prints it in decoding errors; absent for custom schemas. */
  readonly goType?: string
}

export interface ListSchema {
  readonly kind: 'list'
  readonly items: Schema
  /** Server-side apply's topology; `atomic` where upstream says nothing. */
  readonly listType: 'atomic' | 'set' | 'map'
  readonly listMapKeys?: readonly string[]
  /** In protobuf the list is a message of its own whose field 1 holds the items (meta/v1 Verbs, ExtraValue). */
  readonly wrapped?: boolean
  /** As Go prints it in decoding errors; absent for custom schemas. */
  readonly goType?: string
}

/** Scalars and the types with a wire form of their own. `any` is free JSON. */
export interface ScalarSchema {
  readonly kind: ScalarKind
  /** As Go prints it in decoding errors (`v1.RestartPolicy`); absent for custom schemas. */
  readonly goType?: string
  /** apiextensions JSONSchemaProps, for the three kinds `schemaOr…`. */
  readonly nested?: ObjectSchema
}

export type ScalarKind =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'double'
  | 'bytes' //        base64 text in JSON
  | 'quantity'
  | 'intOrString'
  | 'time' //         RFC 3339, seconds
  | 'microTime' //    RFC 3339 with six decimals
  | 'duration' //     Go duration text, nanoseconds in protobuf
  | 'fieldsV1'
  | 'rawExtension' // any JSON object; raw bytes in protobuf
  | 'json' //         apiextensions JSON; its text as bytes in protobuf
  | 'schemaOrBool' //        apiextensions JSONSchemaPropsOrBool
  | 'schemaOrArray' //       apiextensions JSONSchemaPropsOrArray
  | 'schemaOrStringArray' // apiextensions JSONSchemaPropsOrStringArray
  | 'any'

export interface Field {
  /** JSON name. */
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
  /** Go `omitempty`/`omitzero`: an empty value is left out of the JSON that a stock server prints. */
  readonly omitEmpty: boolean
  /** Go name of the inlined struct that the field lies in (`A.B` when inlined twice); decoding errors name it. */
  readonly inlinedFrom?: string
  /** Go pointer: absent and zero differ. */
  readonly pointer: boolean
  /** No Go type is behind it: null is a value of its own. */
  readonly keepsNull?: true
  /** From the `+default` markers in upstream's OpenAPI. */
  readonly defaultValue?: unknown
  /** Upstream's OpenAPI prints Go's zero value (`""`, `0`, `false`, `{}`) as the default. */
  readonly zeroDefault?: boolean
  /** Of the value, or of each item where the value is a list. */
  readonly enumValues?: readonly string[]
  /** Strategic merge directives of the Go struct tags. */
  readonly patchStrategies?: readonly ('merge' | 'replace' | 'retainKeys')[]
  readonly patchMergeKey?: string
}

export interface ProtoField {
  readonly number: number
  /** The JSON field, or undefined when `schema` is an inlined struct whose fields lie in the parent's JSON. */
  readonly name: string | undefined
  readonly schema: Schema
  readonly pointer: boolean
  readonly repeated: boolean
}

/** Finds types by Go name and kinds by group, version and kind; built lazily from the facts. */
export interface SchemaSource {
  /** `k8s.io/api/core/v1.PodSpec`; undefined when there is no such type. */
  typeNamed(name: string): ObjectSchema | undefined
  kindSchema(group: string, version: string, kind: string): ObjectSchema | undefined
  /** Every group, version and kind that `kindSchema` finds. */
  kinds(): Iterable<{ readonly group: string; readonly version: string; readonly kind: string }>
}

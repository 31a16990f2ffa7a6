import { metaSchema } from '../../api/schema/meta-schema.ts'
import type { GroupVersionKind } from '../../machinery/meta/group.ts'
import type { ObjectSchema } from '../../machinery/schema/schema.ts'

export { metaSchema }

/** What a body should hold. */
export interface BodyType extends GroupVersionKind {
  readonly schema: ObjectSchema
  /** Without a protobuf form. */
  readonly isCustom?: boolean
  /** Older versions of the same shape that clients still name. */
  readonly alsoVersions?: readonly string[]
  /** Options, of which upstream tells the fault alone. */
  readonly isOptions?: boolean
}

/** A meta/v1 kind as the body of a request. */
export function metaType(kind: string): BodyType {
  return { group: 'meta.k8s.io', version: 'v1', kind, schema: metaSchema(kind) }
}

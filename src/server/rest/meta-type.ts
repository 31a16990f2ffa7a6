import { facts } from '../../api/schema/index.ts'
import type { GroupVersionKind } from '../../machinery/meta/group.ts'
import type { ObjectSchema } from '../../machinery/schema/schema.ts'
import { assert } from '../../std/assert.ts'

/** What a body should hold. */
export interface BodyType extends GroupVersionKind {
  readonly schema: ObjectSchema
  /** Without a protobuf form. */
  readonly isCustom?: boolean
  /** Options, of which upstream tells the fault alone. */
  readonly isOptions?: boolean
}

/** A type of meta/v1 by its Go name. */
export function metaSchema(name: string): ObjectSchema {
  const schema = facts.typeNamed(`k8s.io/apimachinery/pkg/apis/meta/v1.${name}`)
  assert(schema, `facts know no meta/v1 ${name}`)
  return schema
}

/** A meta/v1 kind as the body of a request. */
export function metaType(kind: string): BodyType {
  return { group: 'meta.k8s.io', version: 'v1', kind, schema: metaSchema(kind) }
}

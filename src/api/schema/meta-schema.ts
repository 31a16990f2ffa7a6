import type { ObjectSchema } from '../../machinery/schema/schema.ts'
import { assert } from '../../std/assert.ts'
import { facts } from './index.ts'

/** A type of meta/v1 by its Go name. */
export function metaSchema(name: string): ObjectSchema {
  const schema = facts.typeNamed(`k8s.io/apimachinery/pkg/apis/meta/v1.${name}`)
  assert(schema, `facts know no meta/v1 ${name}`)
  return schema
}

import { innerFields, type PerSchema, perSchema } from './per-schema.ts'
import type { Field, ObjectSchema } from './schema.ts'
import { zeroValue } from './zero.ts'

type JsonFields = Readonly<Record<string, unknown>>
type Printer = (value: unknown) => unknown

/**
 * The object as Go prints it: `null` where a list, map, time or pointer without `omitempty` is absent. In memory those
 * stay absent. Most kinds have no such field and come back as they are; others share everything that gains no null.
 */
export function printed<T extends object>(schema: ObjectSchema, object: T): T {
  const printer = printerOf(schema)
  return printer ? (printer(object) as T) : object
}

/** Of a schema in which nothing is ever printed as null there is none. */
const printerOf = perSchema<Printer>((schema, ofPart) => {
  if (schema.kind === 'object') return objectPrinter(schema, ofPart)
  if (schema.kind === 'list') {
    const print = ofPart(schema.items)
    return print && (value => printList(value as readonly unknown[], print))
  }
  if (schema.kind !== 'map') return undefined
  const print = ofPart(schema.values)
  return print && (value => printMap(value as JsonFields, print))
})

function isPrintedAsNull({ omitEmpty, pointer, schema }: Field): boolean {
  return !omitEmpty && (pointer || zeroValue(schema) === undefined)
}

function objectPrinter(schema: ObjectSchema, ofPart: PerSchema<Printer>): Printer | undefined {
  const nulls = [...schema.fields.values()].filter(isPrintedAsNull).map(({ name }) => name)
  const inner = innerFields(schema, ofPart)
  if (nulls.length + inner.length === 0) return undefined
  return value => {
    const given = value as JsonFields
    let made: Record<string, unknown> | undefined
    for (const [name, print] of inner) {
      const old = given[name]
      if (old === undefined || old === null) continue
      const now = print(old)
      if (now === old) continue
      made ??= { ...given }
      made[name] = now
    }
    for (const name of nulls) {
      if (given[name] !== undefined) continue
      made ??= { ...given }
      made[name] = null
    }
    return made ?? given
  }
}

function printList(list: readonly unknown[], print: Printer): readonly unknown[] {
  let made: unknown[] | undefined
  for (let index = 0; index < list.length; index++) {
    const now = print(list[index])
    if (now === list[index]) continue
    made ??= [...list]
    made[index] = now
  }
  return made ?? list
}

function printMap(map: JsonFields, print: Printer): JsonFields {
  let made: Record<string, unknown> | undefined
  for (const key in map) {
    const now = print(map[key])
    if (now === map[key]) continue
    made ??= { ...map }
    made[key] = now
  }
  return made ?? map
}

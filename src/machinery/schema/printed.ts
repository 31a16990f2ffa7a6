import type { Field, ObjectSchema, Schema } from './schema.ts'
import { zeroValue } from './zero.ts'

type JsonFields = Readonly<Record<string, unknown>>
type Printer = (value: unknown) => unknown

/** `undefined`: nothing in it is ever printed as null. */
const known = new WeakMap<Schema, Printer | undefined>()

/**
 * The object as Go prints it: `null` where a list, map, time or pointer without `omitempty` is absent. In memory those
 * stay absent. Most kinds have no such field and come back as they are; others share everything that gains no null.
 */
export function printed<T extends object>(schema: ObjectSchema, object: T): T {
  const printer = known.has(schema) ? known.get(schema) : printerOf(schema)
  return printer ? (printer(object) as T) : object
}

function printerOf(schema: Schema): Printer | undefined {
  if (known.has(schema)) return known.get(schema)
  // A type that holds itself (JSON schemas) is not looked into again; none of those has such fields.
  known.set(schema, undefined)
  const made = makePrinter(schema)
  known.set(schema, made)
  return made
}

function makePrinter(schema: Schema): Printer | undefined {
  if (schema.kind === 'object') return objectPrinter(schema)
  if (schema.kind === 'list') {
    const print = printerOf(schema.items)
    return print && (value => printList(value as readonly unknown[], print))
  }
  if (schema.kind !== 'map') return undefined
  const print = printerOf(schema.values)
  return print && (value => printMap(value as JsonFields, print))
}

function isPrintedAsNull({ omitEmpty, pointer, schema }: Field): boolean {
  return !omitEmpty && (pointer || zeroValue(schema) === undefined)
}

function objectPrinter({ fields }: ObjectSchema): Printer | undefined {
  const nulls: string[] = []
  const inner: [name: string, print: Printer][] = []
  for (const field of fields.values()) {
    if (isPrintedAsNull(field)) nulls.push(field.name)
    const print = printerOf(field.schema)
    if (print) inner.push([field.name, print])
  }
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

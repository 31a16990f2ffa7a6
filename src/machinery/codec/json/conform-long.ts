/** Lists by the ten thousand are read as their type item by item, with pauses, before `conform` comes to them. */
import type { Steps } from '../../../std/turns.ts'
import { isMap } from '../../meta/json.ts'
import type { ListSchema, ObjectSchema, Schema } from '../../schema/schema.ts'
import { DecodeError } from '../errors.ts'
import { itemOf } from './conform.ts'
import { type Checked, newTally, type Outcome, type Tally } from './tally.ts'

/** Items between two pauses. */
const stepItems = 64

interface Given {
  readonly isSpelled: boolean
  /** Looks at nothing else. */
  readonly long: ReadonlySet<object>
}

/** Reads the long lists of a value that is given away, which `schema` describes. */
export function* checkLong(schema: ObjectSchema, value: unknown, given: Given): Steps<Checked> {
  const checked = new Map<object, Outcome>()
  if (isLong(value, given)) yield* collect(checked, schema, value, given)
  return checked
}

function* collect(checked: Map<object, Outcome>, schema: Schema, value: object, given: Given): Steps<void> {
  if (schema.kind === 'list' && Array.isArray(value)) {
    for (const item of value) if (isLong(item, given)) yield* collect(checked, schema.items, item, given)
    const tally = newTally({ isOwn: true, isSpelled: given.isSpelled, checked })
    checked.set(value, yield* checkItems(schema, value, tally))
  } else if (schema.kind === 'object' && isMap(value)) {
    for (const [name, member] of Object.entries(value)) {
      const field = schema.fields.get(name)
      if (field && isLong(member, given)) yield* collect(checked, field.schema, member, given)
    }
  }
}

function isLong(value: unknown, { long }: Given): value is object {
  return typeof value === 'object' && value !== null && long.has(value)
}

function* checkItems(schema: ListSchema, items: readonly unknown[], tally: Tally): Steps<Outcome> {
  const made: unknown[] = []
  try {
    for (const item of items) {
      made.push(itemOf(schema, item, tally))
      if (made.length % stepItems === 0) yield
    }
    return { schema, tally, made }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return { schema, tally, made, error }
  }
}

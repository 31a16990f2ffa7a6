/** What thousands of objects say in the same words is kept once: short texts, and which fields a manager has. */
import type { KubeObject, ManagedFieldsEntry } from '../../machinery/meta/object.ts'

/** Above this a table is begun anew: what is still said finds its way back. */
const entriesMax = 8_192
/** Longer texts are seldom the same. */
const textMax = 64
const fieldsTextMax = 2_048

const texts = new Map<string, string>()
const fieldSets = new Map<string, object>()

function shared<T>(table: Map<string, T>, text: string, value: T): T {
  const known = table.get(text)
  if (known !== undefined) return known
  if (table.size >= entriesMax) table.clear()
  table.set(text, value)
  return value
}

type Fields = Record<string, unknown>

function shareText(holder: Fields, name: string): void {
  const value = holder[name]
  if (typeof value === 'string' && value.length <= textMax) holder[name] = shared(texts, value, value)
}

function shareTexts(holder: object | undefined): void {
  if (holder === undefined || Object.isFrozen(holder)) return
  for (const name in holder) shareText(holder as Fields, name)
}

/** Puts shared values into an object that nobody else has yet; parts that are frozen came through here before. */
export function shareValues(object: KubeObject): void {
  const fields = object as unknown as Fields
  shareText(fields, 'kind')
  shareText(fields, 'apiVersion')
  const metadata = object.metadata as unknown as Fields
  shareText(metadata, 'namespace')
  shareText(metadata, 'creationTimestamp')
  shareTexts(object.metadata.labels)
  for (const entry of object.metadata.managedFields ?? []) if (!Object.isFrozen(entry)) shareEntry(entry)
}

function shareEntry(entry: ManagedFieldsEntry): void {
  shareTexts(entry)
  const { fieldsV1 } = entry
  if (fieldsV1 === undefined || Object.isFrozen(fieldsV1)) return
  const text = JSON.stringify(fieldsV1)
  if (text.length > fieldsTextMax) return
  ;(entry as { fieldsV1: object }).fieldsV1 = shared(fieldSets, text, fieldsV1)
}

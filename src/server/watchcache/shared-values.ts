/** What thousands of objects say in the same words is kept once: short texts, labels, owners, and which fields a manager has. */
import type { KubeObject, ManagedFieldsEntry } from '../../machinery/meta/object.ts'

/** Above this a table is begun anew: what is still said finds its way back. */
const entriesMax = 8_192
/** Longer texts are seldom the same. */
const textMax = 64
const fieldsTextMax = 2_048

const texts = new Map<string, string>()
const fieldSets = new Map<string, object>()

/** Of these the latest are kept: objects that are made together say the same, and their texts weigh more than they. */
const latestMax = 512
const latestTextMax = 512

const labelSets = new Map<string, object>()
const owners = new Map<string, object>()
const entries = new Map<string, object>()
/** The list of an entry that is the only one. */
const soleEntries = new WeakMap<ManagedFieldsEntry, ManagedFieldsEntry[]>()

function shared<T>(table: Map<string, T>, text: string, value: T, max = entriesMax): T {
  const known = table.get(text)
  if (known !== undefined) return known
  if (table.size >= max) table.clear()
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
  shareWhole(metadata, 'labels', labelSets)
  shareWhole(metadata, 'ownerReferences', owners)
  shareEntries(object)
}

function shareWhole(holder: Fields, name: string, table: Map<string, object>): void {
  const value = holder[name]
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  const text = JSON.stringify(value)
  if (text.length <= latestTextMax) holder[name] = shared(table, text, value, latestMax)
}

function shareEntries({ metadata }: KubeObject): void {
  const { managedFields } = metadata
  if (managedFields === undefined || managedFields.every(entry => Object.isFrozen(entry))) return
  const list = managedFields.map(entry => (Object.isFrozen(entry) ? entry : sharedEntry(entry)))
  const [first] = list
  const known = list.length === 1 && first ? soleEntries.get(first) : undefined
  if (list.length === 1 && first && !known) soleEntries.set(first, list)
  metadata.managedFields = known ?? list
}

function sharedEntry(entry: ManagedFieldsEntry): ManagedFieldsEntry {
  shareTexts(entry)
  const { fieldsV1, ...rest } = entry
  const text = fieldsV1 === undefined ? '' : JSON.stringify(fieldsV1)
  if (text.length > fieldsTextMax) return entry
  if (fieldsV1 !== undefined && !Object.isFrozen(fieldsV1))
    (entry as { fieldsV1: object }).fieldsV1 = shared(fieldSets, text, fieldsV1)
  return shared(entries, `${JSON.stringify(rest)}${text}`, entry, latestMax) as ManagedFieldsEntry
}

/** `metadata.managedFields` read into one record for each manager, and written back as upstream orders it. */
import { compareText } from '../../std/compare-text.ts'
import type { Steps } from '../../std/turns.ts'
import { isMap } from '../meta/json.ts'
import type { ManagedFieldsEntry } from '../meta/object.ts'
import { deepEqual } from '../meta/value.ts'
import type { Changes } from './compare.ts'
import type { FieldNode, FieldSet } from './field-set.ts'
import { difference, inOrder, inOrderSteps, isMember, leaf, nodeOf, union } from './field-set.ts'
import { canonicalElement } from './path-element.ts'

/** One manager's fields. Appliers are one manager over all versions; updaters one for each version. */
export interface Manager {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
  /** RFC 3339; undefined until the manager changed something. */
  readonly time: string | undefined
  readonly set: FieldSet
}

/** By `managerId`. */
export type Managers = Map<string, Manager>

/** What a write changes, told in the version of a manager; undefined when that is gone. */
export type ChangesOf = (manager: Manager) => Changes | undefined

type Identity = Pick<Manager, 'manager' | 'operation' | 'apiVersion' | 'subresource'>

/** What tells managers apart; also the order in which conflicts are told. */
export function managerId({ manager, operation, apiVersion, subresource }: Identity): string {
  const version = operation === 'Apply' ? {} : { apiVersion }
  return JSON.stringify({ manager, operation, ...version, ...(subresource === '' ? {} : { subresource }) })
}

/** Empty list or one empty entry: the writer wants to forget all managers. */
export function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (!entries) return false
  return entries.length === 0 || (entries.length === 1 && Object.keys(entries[0]!).length === 0)
}

const decoded = new WeakMap<readonly ManagedFieldsEntry[], readonly [string, Manager][]>()

/** Reads entries; undefined when one of them is malformed. Frozen lists are read once. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers | undefined {
  if (!entries) return new Map()
  const known = decoded.get(entries)
  if (known) return new Map(known)
  const managers: [string, Manager][] = []
  for (const entry of entries) {
    const manager = decodeEntry(entry)
    if (!manager) return undefined
    managers.push([managerId(manager), manager])
  }
  if (Object.isFrozen(entries)) decoded.set(entries, managers)
  return new Map(managers)
}

function decodeEntry(entry: ManagedFieldsEntry): Manager | undefined {
  const { operation, apiVersion, fieldsType, fieldsV1 = {} } = entry
  if (operation !== 'Apply' && operation !== 'Update') return undefined
  if (!apiVersion || fieldsType !== 'FieldsV1' || !isFieldNode(fieldsV1)) return undefined
  return {
    manager: entry.manager ?? '',
    operation,
    apiVersion,
    subresource: entry.subresource ?? '',
    time: entry.time,
    set: Object.keys(fieldsV1).length > 0 ? fieldsV1 : undefined,
  }
}

const checked = new WeakSet<object>()

function isFieldNode(value: unknown): value is FieldNode {
  if (!isMap(value)) return false
  if (checked.has(value)) return true
  for (const element in value) {
    if (element !== '.' && !isElement(element)) return false
    if (!isFieldNode(value[element])) return false
  }
  if (Object.isFrozen(value)) checked.add(value)
  return true
}

function isElement(element: string): boolean {
  if (element.startsWith('f:')) return true
  if (!/^[kvi]:/.test(element)) return false
  try {
    const content: unknown = JSON.parse(element.slice(2))
    return element.startsWith('k:') ? isMap(content) : element.startsWith('v:') || Number.isInteger(content)
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

/** A set that a client wrote, with every path element in the one spelling that others are compared with. */
export function respelled(set: FieldSet): FieldSet {
  if (!set) return undefined
  const spelled: Record<string, FieldNode> = {}
  for (const element in set) {
    if (element !== '.') spelled[canonicalElement(element)] = respelledNode(set[element]!)
  }
  return nodeOf(false, spelled)
}

function respelledNode(node: FieldNode): FieldNode {
  return nodeOf(isMember(node), { ...respelled(node) }) ?? leaf
}

/**
 * Writes the managers in upstream's order: appliers first, then by time, name, version and subresource. Gives back
 * `previous` when nothing changed.
 */
export function* encodeManagers(
  managers: Managers,
  previous: readonly ManagedFieldsEntry[] | undefined,
  isLong = false,
): Steps<ManagedFieldsEntry[] | undefined> {
  const entries: ManagedFieldsEntry[] = []
  for (const manager of [...managers.values()].sort(compareManagers)) {
    if (entries.length > 0) yield
    const set = isLong && manager.set ? yield* inOrderSteps(manager.set) : manager.set
    entries.push(encodeManager(set === manager.set ? manager : { ...manager, set }))
  }
  if (previous && deepEqual(entries, previous)) return previous as ManagedFieldsEntry[]
  return entries.length > 0 ? entries : undefined
}

/** One manager's entry; its fields in upstream's order. */
export function encodeManager({
  manager,
  operation,
  apiVersion,
  subresource,
  time,
  set,
}: Manager): ManagedFieldsEntry {
  return {
    ...(manager === '' ? {} : { manager }),
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: set ? inOrder(set) : {},
    ...(subresource === '' ? {} : { subresource }),
  }
}

function compareManagers(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    seconds(a.time) - seconds(b.time) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  )
}

function seconds(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000)
}

/**
 * Takes what a write changed away from every manager but one, told in each one's version; those left with nothing go,
 * and those of a version that is gone.
 */
export function takeFromOthers(
  managers: Managers,
  self: string | undefined,
  changesOf: ChangesOf,
  pathsOf: (changes: Changes) => FieldSet,
): void {
  for (const [id, manager] of managers) {
    if (id === self) continue
    const changes = changesOf(manager)
    const paths = changes && pathsOf(changes)
    const set = changes ? (paths ? difference(manager.set, paths) : manager.set) : undefined
    if (set === manager.set && changes) continue
    if (set) managers.set(id, { ...manager, set })
    else managers.delete(id)
  }
}

/** More updaters than this are folded into one (upstream DefaultMaxUpdateManagers). */
const updatersMax = 10

/** Folds the oldest updaters of a version into `ancient-changes` until few enough are left. */
export function capUpdaters(managers: Managers): void {
  const updaters = [...managers].filter(([, manager]) => manager.operation === 'Update')
  let excess = updaters.length - updatersMax
  if (excess <= 0) return
  updaters.sort(([a, x], [b, y]) => seconds(x.time) - seconds(y.time) || compareText(a, b))
  const firstOfVersion = new Map<string, string>()
  for (const [id, manager] of updaters) {
    if (excess <= 0) return
    const first = firstOfVersion.get(manager.apiVersion)
    if (first === undefined) {
      firstOfVersion.set(manager.apiVersion, id)
      continue
    }
    fold(managers, first, id)
    excess--
  }
}

function fold(managers: Managers, firstId: string, id: string): void {
  const manager = managers.get(id)!
  const bucket: Identity = { ...manager, manager: 'ancient-changes', operation: 'Update', subresource: '' }
  const bucketId = managerId(bucket)
  if (!managers.has(bucketId)) {
    managers.set(bucketId, { ...bucket, time: manager.time, set: managers.get(firstId)!.set })
    managers.delete(firstId)
  }
  const set = union(manager.set, managers.get(bucketId)!.set)
  managers.delete(id)
  managers.set(bucketId, { ...bucket, time: manager.time, set })
}

/** Who owns the number of replicas, told between an object and its scale (managedfields ScaleHandler). */
import { runSteps } from '../../std/turns.ts'
import type { ManagedFieldsEntry } from '../meta/object.ts'
import { difference, type FieldSet, fieldSetOfPaths, hasPath } from './field-set.ts'
import { decodeManagers, encodeManagers, type Managers, managerId } from './managed.ts'

type Entries = readonly ManagedFieldsEntry[] | undefined

/** Where the object keeps its replicas, and in which version it is asked. */
export interface ReplicasPlace {
  readonly apiVersion: string
  readonly path: readonly string[]
}

const scaleVersion = 'autoscaling/v1'
const inScale = ['spec', 'replicas']
const scaleSet = fieldSetOfPaths([inScale])

function owns(set: FieldSet, path: readonly string[]): boolean {
  return hasPath(
    set,
    path.map(name => `f:${name}`),
  )
}

/** The entries of `parent` that own its replicas, as entries of a Scale. */
export function toScaleEntries(parent: Entries, { path }: ReplicasPlace): ManagedFieldsEntry[] | undefined {
  const shown: Managers = new Map()
  for (const manager of decodeManagers(parent)?.values() ?? []) {
    if (!owns(manager.set, path)) continue
    const made = { ...manager, apiVersion: scaleVersion, set: scaleSet }
    shown.set(managerId(made), made)
  }
  return runSteps(encodeManagers(shown, undefined))
}

/** The entries of `parent` after a write of its scale that `scale` is the record of. */
export function fromScaleEntries(
  parent: Entries,
  scale: Entries,
  { apiVersion, path }: ReplicasPlace,
): ManagedFieldsEntry[] | undefined {
  const before: Managers = decodeManagers(parent) ?? new Map()
  const owners: Managers = decodeManagers(scale) ?? new Map()
  const set = fieldSetOfPaths([path])
  const after: Managers = new Map()
  for (const [id, manager] of before) {
    if (!owns(manager.set, path) || owners.delete(id)) {
      after.set(id, manager)
      continue
    }
    const left = difference(manager.set, set)
    if (left) after.set(id, { ...manager, set: left })
  }
  for (const [id, owner] of owners) {
    if (owns(owner.set, inScale)) after.set(id, { ...owner, apiVersion, time: before.get(id)?.time, set })
  }
  return runSteps(encodeManagers(after, parent))
}

/** What managers own, where the schema changed since they wrote (structured-merge-diff ReconcileFieldSetWithSchema). */
import type { ObjectSchema, Schema } from '../schema/schema.ts'
import { type FieldNode, isMember, leaf } from './field-set.ts'
import type { Managers } from './managed.ts'
import type { FindVersion } from './other-versions.ts'
import { elementSchema } from './remove.ts'

interface Reading {
  readonly schema: ObjectSchema
  readonly apiVersion: string
  readonly otherVersion?: FindVersion | undefined
}

/**
 * Gives who owns something below a map or list that is one value by now the whole of it, in the version that each
 * manager wrote in. Only custom kinds, whose types have no names, change while they are served.
 */
export function reconcileManagers(managers: Managers, { schema, apiVersion, otherVersion }: Reading): void {
  if (schema.name !== undefined) return
  for (const [id, manager] of managers) {
    if (!manager.set) continue
    const other = manager.apiVersion === apiVersion ? undefined : otherVersion?.(manager.apiVersion)
    if (other === 'gone') continue
    const set = reconciled(other?.schema ?? schema, manager.set)
    if (set !== manager.set) managers.set(id, { ...manager, set })
  }
}

/** The set itself where nothing of it changes. */
function reconciled(schema: Schema, node: FieldNode): FieldNode {
  let changed: Record<string, FieldNode> | undefined
  for (const element in node) {
    const child = node[element]!
    if (element === '.' || child === leaf) continue
    const below = elementSchema(schema, element)
    const next = isOneValue(below) && !isOnlyItself(child) ? leaf : reconciled(below, child)
    if (next === child) continue
    changed ??= { ...node }
    changed[element] = next
  }
  return changed ?? node
}

function isOneValue(schema: Schema): boolean {
  if (schema.kind === 'list') return schema.listType === 'atomic'
  return (schema.kind === 'object' || schema.kind === 'map') && schema.atomic === true
}

function isOnlyItself(node: FieldNode): boolean {
  return isMember(node) && Object.keys(node).every(element => element === '.')
}

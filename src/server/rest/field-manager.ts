import type { Resource } from '../../api/define.ts'
import { managedFieldsSteps, type ResetFields, type Writer } from '../../machinery/apply/index.ts'
import { ElementError } from '../../machinery/apply/path-element.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { KubeObject, ManagedFieldsEntry } from '../../machinery/meta/object.ts'
import { deepEqual } from '../../machinery/meta/value.ts'
import { StatusError } from '../../machinery/status/status.ts'
import { runSteps, type Steps, takeSteps } from '../../std/turns.ts'
import type { ComparisonPath } from '../metrics/rest-meter.ts'
import { type RestCall, timestamp } from './call.ts'
import { memo } from './memo.ts'
import { otherVersionsOf } from './other-versions.ts'

const managerLengthMax = 128

/** Records in `object` that this request's manager owns what differs from `old` (KEP-555). */
export function trackUpdate(
  call: RestCall,
  old: KubeObject | undefined,
  object: KubeObject,
): Promise<void> | undefined {
  const { breathe } = call.context
  const steps = trackSteps(call, old, object)
  return breathe || mayWait(call) ? takeSteps(steps, breathe) : runSteps(steps)
}

/** Whether finding out who owns what may ask a conversion webhook. */
export function mayWait({ resource }: RestCall): boolean {
  return resource.custom?.convert !== undefined
}

function* trackSteps(call: RestCall, old: KubeObject | undefined, object: KubeObject): Steps<undefined> {
  const managed = yield* managedAfter(call, old, object)
  if (managed) object.metadata.managedFields = managed
  else delete object.metadata.managedFields
}

/**
 * Lists may lack their keys here: validation tells the client so, with a path, and where no rule minds them nobody
 * owns anything any more; as little where the object cannot be had in a manager's version
 * (FieldManager.UpdateNoErrors).
 */
function* managedAfter(
  call: RestCall,
  old: KubeObject | undefined,
  object: KubeObject,
): Steps<ManagedFieldsEntry[] | undefined> {
  const { schema } = call.resource
  try {
    return yield* managedFieldsSteps({ ...writerOf(call), schema, live: old, next: object })
  } catch (error) {
    if (error instanceof ElementError || error instanceof StatusError) return undefined
    throw error
  }
}

/** Who this request writes as. */
export function writerOf({ context, resource, deps }: RestCall): Writer {
  const { info, options, userAgent, breathe } = context
  return {
    manager: options.fieldManager || managerFromUserAgent(userAgent),
    apiVersion: toApiVersion(resource.group, resource.version),
    now: timestamp(deps.ports.clock),
    resetFields: resetFieldsOf(resource, info.subresource),
    otherVersion: otherVersionsOf(resource, deps.registry),
    ...(info.subresource && { subresource: info.subresource }),
    ...(breathe && { isLong: true }),
  }
}

/** `kubectl/v1.32 (linux/amd64)` → `kubectl`, printable and not too long (handlers/create.go managerOrUserAgent). */
function managerFromUserAgent(userAgent: string): string {
  const slash = userAgent.indexOf('/')
  const name = (slash < 0 ? userAgent : userAgent.slice(0, slash)).replace(/[\p{Cc}\p{Cf}]/gu, '')
  return name.slice(0, managerLengthMax)
}

const none: ResetFields = []
const statusOnly: ResetFields = [['status']]
const known = new WeakMap<Resource, Map<string, ResetFields>>()

/** What a write through this door cannot set: the status on the main one, everything else on `status`. */
function resetFieldsOf(resource: Resource, subresource: string): ResetFields {
  if (subresource === '') return mainResets(resource)
  const byName = memo(known, resource, () => new Map<string, ResetFields>())
  return memo(byName, subresource, () => unwritten(resource, subresource))
}

function mainResets({ subresources, strategy }: Resource): ResetFields {
  const status = subresources.some(({ name }) => name === 'status') ? statusOnly : none
  if (strategy.resetFields === 'none') return none
  return strategy.resetFields ? [...status, ...strategy.resetFields] : status
}

function unwritten(resource: Resource, subresource: string): ResetFields {
  const {
    writes,
    keepsMetadata,
    resetFields = none,
  } = resource.subresources.find(({ name }) => name === subresource) ?? {}
  if (!writes || resource.strategy.resetFields === 'none') return none
  const kept = new Set(['kind', 'apiVersion', 'metadata', ...writes])
  if (keepsMetadata === true) kept.delete('metadata')
  const unwritten = [...resource.schema.fields.keys()].filter(name => !kept.has(name)).map(name => [name])
  return [...unwritten, ...resetFields]
}

/**
 * When nothing but times of managers differs, the old times stay, so that an idle write is none. Answers on which way
 * that was found out.
 */
export function keepTimes(object: KubeObject, old: KubeObject): ComparisonPath {
  const now = object.metadata.managedFields
  const before = old.metadata.managedFields
  if (!now || !before || now.length !== before.length) return 'unequal_objects_fast'
  if (now.every(({ time }, index) => time === before[index]!.time)) return 'unequal_objects_fast'
  if (!now.every((entry, index) => deepEqual(withoutTime(entry), withoutTime(before[index]!))))
    return 'unequal_objects_fast'
  const { managedFields: _now, ...metadata } = object.metadata
  const { managedFields: _before, ...oldMetadata } = old.metadata
  if (!deepEqual({ ...object, metadata }, { ...old, metadata: oldMetadata })) return 'unequal_objects_slow'
  object.metadata.managedFields = before
  return 'equal_objects'
}

function withoutTime({ time: _time, ...entry }: ManagedFieldsEntry): ManagedFieldsEntry {
  return entry
}

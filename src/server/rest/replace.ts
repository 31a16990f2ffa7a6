import type { Strategy, Subresource } from '../../api/define.ts'
import { validateForUpdate } from '../../api/validate-object.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { deepEqual } from '../../machinery/meta/value.ts'
import { exactFieldEqual } from '../../machinery/schema/equal.ts'
import { conflict, invalid, notFound } from '../../machinery/status/errors.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { CasError } from '../../storage/store.ts'
import type { Servable } from '../context.ts'
import type { CachedObject } from '../watchcache/index.ts'
import {
  type Allocation,
  admitMutating,
  admitValidating,
  groupKind,
  groupResource,
  isDryRun,
  judge,
  type RestCall,
  settleLong,
  turn,
} from './call.ts'
import { keepTimes, trackUpdate } from './field-manager.ts'
import { dedupOwners, givenRevision, settleNamespace } from './identity.ts'
import { strategyContext } from './insert.ts'
import { findStored, isOutdated, labelsAround, removeStored, settleForStore, writeStored } from './storage.ts'
import { presentLater, presentUnstored, unkept } from './views.ts'

/** What a door to an object may rule, and what the object itself does. */
type UpdateRules = NonNullable<Subresource<KubeObject>['strategy']> &
  Pick<Strategy, 'allocator' | 'allowUnconditionalUpdate' | 'countsEmpties'>

/** How one write to an existing object comes about. */
export interface Replacement {
  /** Makes the wanted object, private to the caller, from the frozen current one. Runs again after a lost race. */
  readonly make: (current: KubeObject) => KubeObject | Promise<KubeObject>
  readonly rules: UpdateRules
  /** Without a resourceVersion of the client's own a lost race is run again this often. */
  readonly attemptsMax: number
  /** `make` keeps managedFields itself (apply). */
  readonly tracksFields?: boolean
  /** Admission saw another object (a Binding, an Eviction) already. */
  readonly skipsAdmission?: boolean
  /** Admission sees the object as another kind (Scale): first as `asked`, which it may change and `take` brings back. */
  readonly face?: {
    readonly show: (object: KubeObject) => KubeObject
    readonly asked: () => KubeObject
    /** How the last ones see it, who only judge. */
    readonly judged: (object: KubeObject) => KubeObject
    readonly take: (shown: KubeObject, object: KubeObject) => void
  }
  /** Top-level fields that may change; others come from the current object. Absent: all. */
  readonly writes?: readonly string[]
  readonly keepsMetadata?: boolean
  /** A uid in the object is a precondition, as in a PUT; else it is a field like others, that cannot change. */
  readonly requiresUid?: boolean
}

/** Reads, changes and writes until nobody came between (upstream's GuaranteedUpdate and BeforeUpdate). */
export async function replace(call: RestCall, plan: Replacement): Promise<Servable> {
  const { resource, context } = call
  for (let attempt = 1; ; attempt++) {
    const stored = findStored(call)
    if (!stored) throw notFound(groupResource(resource), context.info.name)
    try {
      return await replaceOnce(call, plan, stored)
    } catch (error) {
      if (!(error instanceof CasError)) throw error
      if (attempt >= plan.attemptsMax) throw conflict(groupResource(resource), context.info.name)
    }
  }
}

async function replaceOnce(call: RestCall, plan: Replacement, stored: CachedObject): Promise<Servable> {
  const current = await presentLater(call.resource, stored)
  const old = current.object
  const object = await plan.make(old)
  await turn(call)
  settleNamespace(call, object)
  if (!plan.tracksFields) await trackUpdate(call, old, object)
  await turn(call)
  const { face } = plan
  const oldObject = face ? face.show(old) : old
  const shown = face ? face.asked() : object
  if (!plan.skipsAdmission) await admitMutating(call, { operation: 'UPDATE', object: shown, oldObject })
  face?.take(shown, object)
  dedupOwners(call, object, true)
  if (plan.requiresUid) requireIdentity(call, object, stored)
  requireRevision(call, plan.rules, object, old)
  if (plan.writes) keepUnwritten(object, old, plan.writes)
  if (plan.keepsMetadata) keepMetadata(object, old)
  const allocation = await prepare(call, plan.rules, object, old)
  try {
    await judge(call, object, old)
    validate(call, plan.rules, object, old)
    await turn(call)
    call.deps.measured.comparison(() => keepTimes(object, old))
    if (!plan.skipsAdmission) {
      const [last, before] = face ? [face.judged(object), face.judged(old)] : [object, oldObject]
      await admitValidating(call, { operation: 'UPDATE', object: last, oldObject: before })
    }
    const written = await finish(call, object, { stored, old })
    if (allocation) await (isDryRun(call) ? allocation.revert() : allocation.commit())
    return written ?? current
  } catch (error) {
    if (allocation) await allocation.revert()
    throw error
  }
}

/** Writes or removes what is ready; undefined when nothing has changed. */
async function finish(
  call: RestCall,
  object: KubeObject,
  { stored, old }: { readonly stored: CachedObject; readonly old: KubeObject },
): Promise<Servable | undefined> {
  const { resource } = call
  settleForStore(resource, object)
  await settleLong(call, object)
  if (isDryRun(call)) return presentUnstored(resource, object)
  if (isFinished(resource.strategy, object, old)) {
    await removeStored(call, stored)
    return unkept(object)
  }
  if (deepEqual(object, old) && !isOutdated(resource, stored, object)) return undefined
  return presentLater(resource, await writeStored(call, object, stored))
}

function requireIdentity(call: RestCall, object: KubeObject, stored: CachedObject): void {
  const { uid } = object.metadata
  const actual = stored.object.metadata.uid
  if (!uid || uid === actual) return
  const detail = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${actual}`
  throw conflict(
    groupResource(call.resource),
    call.context.info.name,
    `StorageError: invalid object, Code: 4, Key: ${stored.key}, ResourceVersion: 0, AdditionalErrorMsg: ${detail}`,
  )
}

function requireRevision(call: RestCall, rules: UpdateRules, object: KubeObject, old: KubeObject): void {
  const { name } = call.context.info
  const given = givenRevision(object)
  if (given !== '' && given !== '0') {
    if (given !== old.metadata.resourceVersion) throw conflict(groupResource(call.resource), name)
    object.metadata.resourceVersion = given
    return
  }
  if (!rules.allowUnconditionalUpdate) {
    const errors = createFieldErrors()
    errors.invalid('metadata.resourceVersion', 0, 'must be specified for an update')
    throw invalid({ group: call.resource.group, kind: call.resource.plural }, name, errors.list)
  }
  object.metadata.resourceVersion = old.metadata.resourceVersion!
}

function keepMetadata(object: KubeObject, { metadata }: KubeObject): void {
  const { managedFields, resourceVersion } = object.metadata
  object.metadata = {
    ...metadata,
    ...(managedFields && { managedFields }),
    ...(resourceVersion && { resourceVersion }),
  }
}

/** A subresource writes its own fields; the rest is the current object's. */
function keepUnwritten(object: KubeObject, old: KubeObject, writes: readonly string[]): void {
  const target = object as unknown as Record<string, unknown>
  const source = old as unknown as Record<string, unknown>
  const kept = new Set(['kind', 'apiVersion', 'metadata', ...writes])
  for (const key of Object.keys(target)) if (!kept.has(key) && source[key] === undefined) delete target[key]
  for (const key of Object.keys(source)) if (!kept.has(key)) target[key] = source[key]
}

async function prepare(
  call: RestCall,
  rules: UpdateRules,
  object: KubeObject,
  old: KubeObject,
): Promise<Allocation | undefined> {
  const { deps } = call
  inheritMetadata(object, old)
  rules.prepareForUpdate?.(object, old, strategyContext(call))
  if (rules.hasGeneration && specChanged(call, rules, object, old))
    object.metadata.generation = (old.metadata.generation ?? 0) + 1
  if (rules.allocator === undefined) return undefined
  return deps.allocators.get(rules.allocator)?.allocate(object, old, isDryRun(call))
}

function validate(call: RestCall, rules: UpdateRules, object: KubeObject, old: KubeObject): void {
  const { resource, context } = call
  const errors = validateForUpdate(resource, object, old, {
    rules,
    labelsAround: () => labelsAround(call),
  })
  context.warnings.push(...(rules.earlyWarnings?.(object, old) ?? []))
  if (errors.length > 0) throw invalid(groupKind(resource), object.metadata.name ?? '', errors)
  context.warnings.push(...(rules.warnings?.(object, old) ?? []))
}

/** What only the server sets stays as it was. */
function inheritMetadata({ metadata }: KubeObject, { metadata: old }: KubeObject): void {
  const names = [
    'generation',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const
  for (const name of names) {
    if (old[name] === undefined) delete metadata[name]
  }
  if (old.generation !== undefined) metadata.generation = old.generation
  metadata.uid ||= old.uid!
  if (old.creationTimestamp) metadata.creationTimestamp = old.creationTimestamp
  if (old.deletionTimestamp) metadata.deletionTimestamp = old.deletionTimestamp
  if (old.deletionGracePeriodSeconds !== undefined)
    metadata.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds
}

const besideSpec = new Set(['kind', 'apiVersion', 'metadata', 'status'])

function specChanged(
  { resource }: RestCall,
  { countsEmpties }: UpdateRules,
  object: KubeObject,
  old: KubeObject,
): boolean {
  const bare = ({ kind: _k, apiVersion: _v, metadata: _m, ...rest }: KubeObject) => {
    const { status: _status, ...spec } = rest as { status?: unknown }
    // A custom kind either keeps the status from this door, or has it as a field like others.
    return resource.custom ? rest : spec
  }
  if (!deepEqual(bare(object), bare(old))) return true
  if (!countsEmpties) return false
  const sides = [object, old] as unknown as [Members, Members]
  return resource.schema.fields
    .values()
    .some(field => !besideSpec.has(field.name) && !exactFieldEqual(field, ...sides))
}

type Members = Readonly<Record<string, unknown>>

/** Its deletion waited for finalizers and the last one is gone now (upstream's ShouldDeleteDuringUpdate). */
function isFinished({ holdsDeletion }: Strategy, object: KubeObject, { metadata: old }: KubeObject): boolean {
  if (!old.deletionTimestamp || (object.metadata.finalizers?.length ?? 0) > 0) return false
  if (holdsDeletion?.(object)) return false
  return (old.deletionGracePeriodSeconds ?? 0) === 0
}

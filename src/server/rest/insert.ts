import type { StrategyContext } from '../../api/define.ts'
import { validateForCreate } from '../../api/validate-object.ts'
import { generateName } from '../../machinery/meta/names.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { alreadyExists, badRequest, generateNameConflict, invalid } from '../../machinery/status/errors.ts'
import { CasError } from '../../storage/store.ts'
import type { Servable } from '../context.ts'
import {
  type Allocation,
  admitValidating,
  groupKind,
  groupResource,
  isDryRun,
  judge,
  type RestCall,
  settleLong,
  timestamp,
  turn,
} from './call.ts'
import { settleNamespace } from './identity.ts'
import { keyOf, labelsAround, settleForStore, writeStored } from './storage.ts'
import { presentLater, presentUnstored } from './views.ts'

/** Upstream's maxNameGenerationCreateAttempts. */
const generatedNameAttemptsMax = 8

/**
 * Stores a new object that mutating admission has seen: system metadata, strategy, validation, validating
 * admission, write (upstream's BeforeCreate). A name that was generated and is taken is generated again.
 */
export async function insert(call: RestCall, object: KubeObject): Promise<Servable> {
  // Admission may have moved it.
  settleNamespace(call, object)
  fillSystemFields(call, object)
  const generates = !object.metadata.name && !!object.metadata.generateName
  for (let attempt = 1; ; attempt++) {
    if (generates) object.metadata.name = generatedName(call, object.metadata.generateName!)
    const taken = generates && takenName(call, object)
    if (!taken) {
      const stored = await prepareAndWrite(call, object)
      if (stored) return stored
    }
    if (!generates && !object.metadata.generateName)
      throw alreadyExists(groupResource(call.resource), object.metadata.name ?? '')
    if (!generates || attempt === generatedNameAttemptsMax) throw nameTaken(call, object)
  }
}

function generatedName({ resource, deps }: RestCall, base: string): string {
  return resource.strategy.takesNoSuffix ? base : generateName(base, deps.ports.random)
}

/** Upstream names the group in which the kind lives here, not the one of the request. */
function nameTaken({ resource }: RestCall, { metadata }: KubeObject) {
  return generateNameConflict({ group: resource.storage.group, resource: resource.plural }, metadata.name!)
}

/** Only generated names are looked up before: for others validation errors go before conflicts. */
function takenName({ deps, resource }: RestCall, object: KubeObject): boolean {
  const { name, generateName: base, namespace = '' } = object.metadata
  return !!base && !!name && deps.cache.get(keyOf(resource, namespace, name)) !== undefined
}

function fillSystemFields({ deps }: RestCall, { metadata }: KubeObject): void {
  metadata.creationTimestamp = timestamp(deps.ports.clock)
  metadata.uid = deps.ports.random.uuid()
}

/** Undefined when somebody else holds the name. */
async function prepareAndWrite(call: RestCall, object: KubeObject): Promise<Servable | undefined> {
  const { resource, deps, context } = call
  const { strategy } = resource
  if (strategy.hasGeneration === true) object.metadata.generation = 1
  await turn(call)
  strategy.prepareForCreate?.(object, strategyContext(call))
  await turn(call)
  const allocator = strategy.allocator === undefined ? undefined : deps.allocators.get(strategy.allocator)
  const allocation = allocator && (await allocator.allocate(object, undefined, isDryRun(call)))
  try {
    await judge(call, object, undefined)
    validateNew(call, object)
    await turn(call)
    context.warnings.push(...(strategy.warnings?.(object, undefined) ?? []))
    await admitValidating(call, { operation: 'CREATE', object, oldObject: undefined })
    strategy.setLateDefaults?.(object)
    settleForStore(resource, object)
    await settleLong(call, object)
    if (isDryRun(call)) return await dryRunInsert(call, object, allocation)
    requireNoRevision(object)
    await turn(call)
    const stored = await writeStored(call, object, undefined)
    await turn(call)
    if (allocation) await allocation.commit()
    return await presentLater(resource, stored)
  } catch (error) {
    if (allocation) await allocation.revert()
    if (error instanceof CasError) return undefined
    throw error
  }
}

/** A revision that is none at all is overlooked (etcd3 store.Create). */
function requireNoRevision({ metadata: { resourceVersion } }: KubeObject): void {
  if (resourceVersion && /^0*[1-9][0-9]*$/.test(resourceVersion))
    throw badRequest('resourceVersion should not be set on objects to be created')
}

async function dryRunInsert(
  call: RestCall,
  object: KubeObject,
  allocation: Allocation | undefined,
): Promise<Servable | undefined> {
  const { metadata } = object
  await allocation?.revert()
  if (call.deps.cache.get(keyOf(call.resource, metadata.namespace ?? '', metadata.name!))) return undefined
  return presentUnstored(call.resource, object)
}

export function strategyContext({ deps, context, resource }: RestCall): StrategyContext {
  const namespace = resource.namespaced ? context.info.namespace : undefined
  return { now: timestamp(deps.ports.clock), namespace }
}

function validateNew(call: RestCall, object: KubeObject): void {
  const { resource, context } = call
  const errors = validateForCreate(resource, object, () => labelsAround(call))
  context.warnings.push(...(resource.strategy.earlyWarnings?.(object, undefined) ?? []))
  if (errors.length > 0) throw invalid(groupKind(resource), object.metadata.name ?? '', errors)
}

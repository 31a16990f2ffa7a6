import type { Resource } from '../../api/define.ts'
import type { Registry } from '../../api/registry.ts'
import type { CustomResourceDefinition } from '../../api/types/apiextensions-v1.gen.ts'
import type { ApiCall, Transport } from '../../client/transport.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { deepEqual } from '../../machinery/meta/value.ts'
import { isConflict, isNotFound } from '../../machinery/status/errors.ts'
import type { Ports } from '../../std/ports.ts'
import { type CelMeter, celMeter } from '../metrics/cel.ts'
import { type ConversionMeter, conversionMeter } from '../metrics/conversion.ts'
import { timestamp } from '../rest/call.ts'
import { memo } from '../rest/memo.ts'
import { collectionPrefix, type WatchCache } from '../watchcache/index.ts'
import type { WebhookClient } from '../webhook-client/webhook-client.ts'
import { converterOf } from './conversion.ts'
import { isTrue, settleNames } from './names.ts'
import { toResource } from './resource.ts'
import { outcomes, type Terminating, withTerminating } from './terminating.ts'

export interface DefinitionOptions {
  readonly cache: WatchCache
  readonly registry: Registry
  /** With the server's own rights; what is written here passes the chain like everything else. */
  readonly transport: Transport
  readonly ports: Ports
  readonly signal: AbortSignal
  /** Asks conversion webhooks. */
  readonly webhooks: WebhookClient
}

const location = { group: 'apiextensions.k8s.io', plural: 'customresourcedefinitions' }
const definitions = { group: location.group, version: 'v1', resource: location.plural }
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io'

/**
 * Keeps the registry in step with the CustomResourceDefinitions of the store, tells each about its names, and empties
 * what is being deleted. What the store holds is served before this returns.
 */
export function followDefinitions(given: DefinitionOptions): void {
  const { cache, ports, signal } = given
  const options: Following = {
    ...given,
    groups: new Map(),
    meter: celMeter(ports),
    conversions: conversionMeter(ports.metrics, ports.clock),
  }
  const served: Served = new Map()
  const prefix = collectionPrefix(location)
  const { items, revision } = cache.list(prefix)
  for (const { object } of items) note(options, object as CustomResourceDefinition)
  for (const { object } of items) show(options, served, object as CustomResourceDefinition)
  const watching = cache.watch(
    prefix,
    revision,
    events => {
      for (const { current, previous } of events) {
        if (current) show(options, served, current.object as CustomResourceDefinition)
        else if (previous) hide(options, served, previous.object as CustomResourceDefinition)
      }
    },
    signal,
  )
  watching.catch(error =>
    ports.log.error('custom resources are no longer followed', { error: String(error) }),
  )
}

interface Following extends DefinitionOptions {
  /** Definitions by group and name, as they were last shown: of a thousand, few are asked about each other's names. */
  readonly groups: Map<string, Map<string, CustomResourceDefinition>>
  /** One for the rules of all kinds. */
  readonly meter: CelMeter
  readonly conversions: ConversionMeter
}

interface Entry {
  /** What the resources were made from; while it stays, so do they, and their watches go on. */
  readonly basis: unknown
  readonly resources: readonly Resource[]
}
type Served = Map<string, Entry>

/** Registers the served versions of an established definition, then does what it still needs. */
function show(options: Following, served: Served, definition: CustomResourceDefinition): void {
  const { name = '' } = definition.metadata
  note(options, definition)
  const settled = settle(options, definition)
  register(options, served, settled ?? definition)
  if (settled) inBackground(options, name, () => writeStatus(options, settled))
  if (definition.metadata.deletionTimestamp && definition.metadata.finalizers?.includes(cleanupFinalizer)) {
    inBackground(options, name, () => cleanUp(options, definition))
  }
}

function register(options: Following, served: Served, definition: CustomResourceDefinition): void {
  const { metadata, spec, status } = definition
  const name = metadata.name!
  const isServed = isTrue(definition, 'Established')
  const basis = isServed && {
    spec,
    names: status?.acceptedNames,
    isDeleting: metadata.deletionTimestamp !== undefined,
  }
  if (deepEqual(served.get(name)?.basis, basis)) return
  unregister(options, served, name)
  const versions = isServed ? spec.versions.filter(each => each.served) : []
  const convert = converterOf(definition, {
    call: options.webhooks,
    random: options.ports.random,
    measure: options.conversions,
  })
  const resources = versions.map(version => toResource(definition, version, convert, options.meter))
  for (const resource of resources) options.registry.add(resource)
  served.set(name, { basis, resources })
}

function note({ groups }: Following, definition: CustomResourceDefinition): void {
  const { group } = definition.spec
  const members = groups.get(group) ?? new Map<string, CustomResourceDefinition>()
  groups.set(group, members.set(definition.metadata.name!, definition))
}

function forget({ groups }: Following, { metadata, spec: { group } }: CustomResourceDefinition): void {
  const members = groups.get(group)
  members?.delete(metadata.name!)
  if (members?.size === 0) groups.delete(group)
}

/** A definition that is gone frees its names: others of its group may have them now. */
function hide(options: Following, served: Served, definition: CustomResourceDefinition): void {
  forget(options, definition)
  unregister(options, served, definition.metadata.name!)
  for (const other of sameGroup(options, definition))
    if (!isTrue(other, 'NamesAccepted')) show(options, served, other)
}

function unregister({ registry }: DefinitionOptions, served: Served, name: string): void {
  for (const resource of served.get(name)?.resources ?? []) registry.remove(resource)
  served.delete(name)
}

/** The others of its group, in no order. */
function sameGroup(
  { groups }: Following,
  { spec, metadata }: CustomResourceDefinition,
): CustomResourceDefinition[] {
  const members = [...(groups.get(spec.group)?.values() ?? [])]
  return members.filter(each => each.metadata.name !== metadata.name)
}

/** The definition with the status that it should have; undefined when it has it. */
function settle(
  options: Following,
  definition: CustomResourceDefinition,
): CustomResourceDefinition | undefined {
  const status = settleNames(definition, sameGroup(options, definition), timestamp(options.ports.clock))
  const stored = definition.status?.storedVersions ?? []
  const storage = definition.spec.versions.find(each => each.storage)!.name
  const storedVersions = stored.includes(storage) ? stored : [...stored, storage]
  const wanted = { ...status, storedVersions }
  return deepEqual(wanted, definition.status) ? undefined : { ...definition, status: wanted }
}

function inBackground({ ports, signal }: DefinitionOptions, name: string, work: () => Promise<void>): void {
  work().catch(error => {
    // A newer version of the definition comes by the watch and is settled then; one that is gone needs nothing.
    if (signal.aborted || isConflict(error) || isNotFound(error)) return
    ports.log.error('a custom resource definition could not be settled', { name, error: String(error) })
  })
}

async function writeStatus(
  { transport }: DefinitionOptions,
  definition: CustomResourceDefinition,
): Promise<void> {
  const body = definition as unknown as JsonObject
  await transport.call({
    ...definitions,
    verb: 'update',
    name: definition.metadata.name!,
    subresource: 'status',
    body,
  })
}

/** Deletes all objects of a definition that is being deleted, waits until they are gone, and lets it go. */
async function cleanUp(options: DefinitionOptions, definition: CustomResourceDefinition): Promise<void> {
  const { uid } = definition.metadata
  const running = memo(cleaning, options, () => new Set<string>())
  if (running.has(uid!)) return
  running.add(uid!)
  try {
    const outcome = await removeInstances(options, definition)
    await changeLatest(options, definition, 'status', latest =>
      withTerminating(latest, outcome, timestamp(options.ports.clock)),
    )
    await changeLatest(options, definition, undefined, latest => {
      const finalizers = (latest.metadata.finalizers ?? []).filter(each => each !== cleanupFinalizer)
      return { ...latest, metadata: { ...latest.metadata, finalizers } }
    })
  } finally {
    running.delete(uid!)
  }
}

const cleaning = new WeakMap<DefinitionOptions, Set<string>>()

async function removeInstances(
  options: DefinitionOptions,
  definition: CustomResourceDefinition,
): Promise<Terminating> {
  const { transport, cache } = options
  const { spec } = definition
  const prefix = collectionPrefix({ group: spec.group, plural: spec.names.plural })
  if (!isTrue(definition, 'Established')) return outcomes.neverEstablished
  await changeLatest(options, definition, 'status', latest =>
    withTerminating(latest, outcomes.inProgress, timestamp(options.ports.clock)),
  )
  const version = spec.versions.find(each => each.served)?.name
  const at = { group: spec.group, version: version ?? '', resource: spec.names.plural }
  if (version !== undefined)
    for (const namespace of namespacesOf(cache, prefix)) await deleteAll(transport, { ...at, namespace })
  if (version !== undefined) await emptied(options, prefix)
  return outcomes.completed
}

/** Changes the definition as it is now, again after a lost race; nothing when it is gone or another one. */
async function changeLatest(
  { transport, signal }: DefinitionOptions,
  { metadata: { name, uid } }: CustomResourceDefinition,
  subresource: string | undefined,
  change: (latest: CustomResourceDefinition) => CustomResourceDefinition,
): Promise<void> {
  const at = { ...definitions, name: name! }
  while (!signal.aborted) {
    const latest = (await transport.call({ ...at, verb: 'get' })) as CustomResourceDefinition
    if (latest.metadata.uid !== uid) return
    const body = change(latest) as unknown as JsonObject
    try {
      await transport.call({ ...at, verb: 'update', body, ...(subresource && { subresource }) })
      return
    } catch (error) {
      if (!isConflict(error)) throw error
    }
  }
}

function namespacesOf(cache: WatchCache, prefix: string): string[] {
  return [...new Set(cache.list(prefix).items.map(({ object }) => object.metadata.namespace ?? ''))]
}

async function deleteAll(
  transport: Transport,
  at: Pick<ApiCall, 'group' | 'version' | 'resource' | 'namespace'>,
): Promise<void> {
  const { namespace, ...rest } = at
  await transport.call({ ...rest, verb: 'deletecollection', ...(namespace && { namespace }) })
}

/** Resolves once nothing lies below `prefix`: finalizers of objects may take their time. */
async function emptied({ cache, signal }: DefinitionOptions, prefix: string): Promise<void> {
  const isEmpty = () => cache.list(prefix, { limit: 1 }).items.length === 0
  if (isEmpty()) return
  const done = new AbortController()
  const stop = AbortSignal.any([done.signal, signal])
  await cache.watch(prefix, cache.revision(), () => void (isEmpty() && done.abort()), stop)
}

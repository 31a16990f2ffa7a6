import { fromApiVersion } from '../machinery/meta/group.ts'
import { nameIsDnsSubdomain } from '../machinery/meta/names.ts'
import type { JsonObject, KubeObject } from '../machinery/meta/object.ts'
import { since } from '../machinery/table/cells.ts'
import type { Column } from '../machinery/table/column.ts'
import { assert } from '../std/assert.ts'
import { dropPodFields } from './core/pod/disabled-fields.ts'
import type { Conversion, Resource, ScaleView, StorageLocation, Strategy, Subresource } from './define.ts'
import { discoveryFacts } from './discovery-facts.ts'
import type { DiscoveredResource, DiscoveredSubresource } from './schema/discovery.ts'
import { builtinKind } from './schema/index.ts'
import type { PodTemplateSpec } from './types/core-v1.gen.ts'

export type Cell<T> = (object: T, nowMs: number) => unknown

/** What the facts cannot tell about a kind. Everything else comes from discovery and the schema. */
export interface Behaviour<T extends KubeObject> {
  readonly strategy?: Strategy<T>
  /** Cells by column name; those of `commonCells` need not be repeated. */
  readonly cells?: Readonly<Record<string, Cell<T>>>
  /** A common cell behind the last column, which no column tells of. */
  readonly surplusCell?: 'Age'
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>
  readonly unknownField?: (field: string) => string
  readonly deprecation?: string
  readonly gate?: Resource['gate']
  readonly storage?: Partial<StorageLocation>
  readonly conversion?: Conversion
  /** Of what is made when asked for (`Resource.reader`). */
  readonly reader?: string
  readonly rowConditions?: (object: T) => readonly JsonObject[]
  readonly formAnnotations?: Resource['formAnnotations']
  readonly emptyForm?: Resource['emptyForm']
  /** The pods that it makes; fields whose features are off are dropped from them as from pods. */
  readonly podTemplate?: (object: T) => PodTemplateSpec | undefined
  /** `status` of a new object where it is not empty. */
  readonly initialStatus?: (object: T) => NonNullable<unknown>
  /** A creator may bring a status (nodes). */
  readonly keepsStatusOnCreate?: boolean
  readonly scale?: ScaleView<T>
  /** Strategies of subresources that are data alone, by name. */
  readonly subresources?: Readonly<Record<string, Partial<Subresource<T>>>>
}

/** Cells that need no word in a kind's file. */
const commonCells: Readonly<Record<string, Cell<KubeObject>>> = {
  Name: object => object.metadata.name ?? '',
  Age: (object, nowMs) => since(object.metadata.creationTimestamp, nowMs),
  'Created At': object => object.metadata.creationTimestamp ?? '0001-01-01T00:00:00Z',
}

/**
 * A built-in kind: hand-written behaviour merged with the generated facts. Kinds with a status subresource
 * start with an empty status and keep the stored one on PUT and PATCH of the object itself.
 */
export function defineResource<T extends KubeObject>(
  apiVersion: string,
  kind: string,
  behaviour: Behaviour<T> = {},
): Resource<T> {
  const groupVersion = fromApiVersion(apiVersion)
  assert(groupVersion, `${apiVersion} is no API version`)
  const { group, version } = groupVersion
  const known = discoveryFacts(group, version, kind)
  assert(known, `discovery facts know no ${kind} in ${apiVersion}`)
  const found = known.resource
  const {
    name: plural,
    singular,
    namespaced,
    shortNames = [],
    categories = [],
    verbs,
    subresources = [],
  } = found
  const hasStatus = subresources.some(({ name }) => name === 'status')
  return {
    group,
    version,
    kind,
    plural,
    singular,
    shortNames,
    categories,
    namespaced,
    verbs,
    get schema() {
      return builtinKind(group, version, kind)
    },
    listKind: `${kind}List`,
    storage: { ...storageOf(found, known.isOptional), ...behaviour.storage },
    strategy: { validateName: nameIsDnsSubdomain, ...withStatusRules(behaviour, hasStatus) },
    subresources: subresources.map(facts => toSubresource(facts, found, behaviour)),
    columns: toColumns(`${plural}.${apiVersion}`, found.columns, behaviour),
    selectableFields: behaviour.selectableFields ?? {},
    ...(behaviour.unknownField && { unknownField: behaviour.unknownField }),
    ...(behaviour.deprecation && { deprecation: behaviour.deprecation }),
    ...(behaviour.gate && { gate: behaviour.gate }),
    ...(behaviour.conversion && { conversion: behaviour.conversion }),
    ...(behaviour.reader && { reader: behaviour.reader }),
    ...(behaviour.rowConditions && { rowConditions: behaviour.rowConditions }),
    ...(behaviour.formAnnotations && { formAnnotations: behaviour.formAnnotations }),
    ...(behaviour.emptyForm && { emptyForm: behaviour.emptyForm }),
  }
}

type WithStatus = { status?: unknown }

/** Before anything else looks at an object whose pods are written by hand (pkg/api/pod DropDisabledTemplateFields). */
function withTemplateRules<T extends KubeObject>({ strategy = {}, podTemplate }: Behaviour<T>): Strategy<T> {
  if (!podTemplate) return strategy
  return {
    ...strategy,
    prepareForCreate(object, context) {
      dropPodFields(podTemplate(object)?.spec)
      strategy.prepareForCreate?.(object, context)
    },
    prepareForUpdate(object, old, context) {
      dropPodFields(podTemplate(object)?.spec, podTemplate(old)?.spec)
      strategy.prepareForUpdate?.(object, old, context)
    },
  }
}

function withStatusRules<T extends KubeObject>(behaviour: Behaviour<T>, hasStatus: boolean): Strategy<T> {
  const { initialStatus, keepsStatusOnCreate } = behaviour
  const strategy = withTemplateRules(behaviour)
  const defaults: Strategy<T> = { allowUnconditionalUpdate: true, standardFinalizers: true, ...strategy }
  if (!hasStatus || strategy.resetFields === 'none') return defaults
  return {
    ...defaults,
    prepareForCreate(object, context) {
      if (!keepsStatusOnCreate) (object as WithStatus).status = initialStatus?.(object) ?? {}
      strategy.prepareForCreate?.(object, context)
    },
    prepareForUpdate(object, old, context) {
      ;(object as WithStatus).status = (old as WithStatus).status
      strategy.prepareForUpdate?.(object, old, context)
    },
  }
}

/** A stored version that nobody is served (v1beta1 of some kinds) would only cost a conversion: the served one is kept. */
function storageOf(
  { group, version, kind, name, storage }: DiscoveredResource,
  isOptional: boolean,
): StorageLocation {
  const stored = storage === undefined ? undefined : fromApiVersion(storage)
  const facts = stored && discoveryFacts(stored.group, stored.version, kind)
  return facts && (isOptional || !facts.isOptional)
    ? { group: stored.group, plural: name, version: stored.version }
    : { group, plural: name, version }
}

function toSubresource<T extends KubeObject>(
  { name, verbs, kind }: DiscoveredSubresource,
  resource: DiscoveredResource,
  behaviour: Behaviour<T>,
): Subresource<T> {
  const isOfKind = kind.kind === resource.kind && kind.group === resource.group
  const facts = { name, verbs, ...(!isOfKind && { kind }) }
  const written = behaviour.subresources?.[name]
  if (name === 'status') return { ...facts, writes: ['status'], ...written }
  if (name === 'scale') return { ...facts, ...(behaviour.scale && { scale: behaviour.scale }) }
  if (written) return { ...facts, hasTable: false, ...written }
  const isCreated = verbs.every(verb => verb === 'create')
  return { ...facts, connector: `${resource.name}/${name}`, ...(isCreated && { hasTable: false }) }
}

/** Columns and their order come from the stock server; a cell that none of them names is a mistake of ours. */
function toColumns<T extends KubeObject>(
  resource: string,
  facts: DiscoveredResource['columns'] = [],
  { cells = {}, surplusCell }: Behaviour<T>,
): Column<T>[] {
  const names = facts.map(([name]) => name)
  for (const name in cells) assert(names.includes(name), `${resource} has a cell ${name}, but no such column`)
  const columns = facts.map(([name, type, format, priority]): Column<T> => {
    const cell = cells[name] ?? commonCells[name]
    assert(cell, `${resource} has no cell for column ${name}`)
    return { name, type: type as Column<T>['type'], format, description: '', priority, cell }
  })
  return surplusCell ? [...columns, untold(surplusCell)] : columns
}

function untold(name: string): Column<KubeObject> {
  const cell = commonCells[name]!
  return { name, type: 'string', format: '', description: '', priority: 0, cell, isUntold: true }
}

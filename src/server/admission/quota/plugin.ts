import type { Resource } from '../../../api/define.ts'
import type { Usage } from '../../../api/shared/quota/evaluator.ts'
import {
  chargedNames,
  evaluatorOf,
  inScopes,
  scopesOf,
  usageOf,
} from '../../../api/shared/quota/evaluators.ts'
import type { ResourceQuota } from '../../../api/types/core-v1.gen.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantities,
  type Quantity,
  subtractQuantity,
  zeroQuantity,
} from '../../../machinery/quantity/index.ts'
import type { Clock } from '../../../std/ports.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../context.ts'
import type { Lister } from '../../lister.ts'
import { refusal } from '../refusal.ts'
import { type LimitedResource, requireCovered } from './limited.ts'
import { createReservations, type Reservations } from './reservations.ts'

export interface QuotaPorts {
  readonly resourceQuotas: Lister<ResourceQuota>
  /** All objects of a kind, as they are stored. */
  readonly objectsOf: (resource: Resource) => Lister
  readonly clock: Clock
  /** What may be consumed only where a quota covers it. Default: nothing. */
  readonly limited?: readonly LimitedResource[] | undefined
}

/**
 * Refuses what would exceed a quota of its namespace (apiserver pkg/admission/plugin/resourcequota). Usage is counted
 * from the cache at each request, so it is exact without a written status; what was admitted and is on its way to
 * the store is counted too.
 */
export function resourceQuota(ports: QuotaPorts): AdmissionPlugin {
  const reservations = createReservations(ports.clock)
  return {
    name: 'ResourceQuota',
    handles: request => request.info.namespace !== '' && isCharged(request),
    validate(request) {
      const quotas = ports.resourceQuotas.list(request.info.namespace)
      if (quotas.length > 0 || ports.limited?.length) charge(request, quotas, { ports, reservations })
    },
  }
}

/** Creations of everything that lasts but events, and updates that may raise usage. */
function isCharged({ operation, info, resource, object, oldObject }: AdmissionRequest): boolean {
  if (neverCounted.has(`${resource.plural}.${resource.group}`)) return false
  if (operation === 'CREATE') return info.subresource === ''
  if (operation !== 'UPDATE' || !object || !oldObject) return false
  return evaluatorOf(resource).grows?.(info.subresource, object, oldObject) === true
}

/** pkg/quota/v1/install: what is not stored, and events, which never were. */
const neverCounted: ReadonlySet<string> = new Set([
  ...['bindings.', 'events.', 'events.events.k8s.io', 'localsubjectaccessreviews.authorization.k8s.io'],
])

interface Books {
  readonly ports: QuotaPorts
  readonly reservations: Reservations
}

/** What a request adds to what one quota counts. */
interface Demand {
  readonly quota: ResourceQuota
  readonly names: readonly string[]
  readonly added: Usage
}

function charge(
  request: AdmissionRequest,
  quotas: readonly ResourceQuota[],
  { ports, reservations }: Books,
): void {
  const { resource, info, object, oldObject, dryRun } = request
  if (!object) return
  const nowMs = ports.clock.nowMs()
  const usage = usageOf(resource, object, nowMs)
  const demands = demandsOf(request, quotas, usage, nowMs)
  const added = demands.length > 0 ? demands.map(demand => demand.added) : [addedTo(request, usage, nowMs)]
  if (added.every(each => Object.keys(each).length === 0)) return
  if (ports.limited?.length) {
    const covered = new Set(demands.flatMap(({ names }) => names))
    requireCovered(request, ports.limited, { usage, quotas, covered })
  }
  if (demands.length === 0) return
  const stored = ports.objectsOf(resource).list(info.namespace)
  const present = reservations.present(resource, info.namespace, stored)
  for (const demand of demands) checkLimits(request, demand, present, nowMs)
  if (!dryRun) reservations.add(resource, info.namespace, object, oldObject)
}

/** Of the quotas that count the object; throws when it does not say what one of them demands to know. */
function demandsOf(
  request: AdmissionRequest,
  quotas: readonly ResourceQuota[],
  usage: Usage,
  nowMs: number,
): readonly Demand[] {
  const { resource, oldObject } = request
  const object = request.object as KubeObject
  return quotas.flatMap(quota => {
    const names = chargedNames(resource, quota)
    if (names.length === 0 || !inScopes(quota, resource, object)) return []
    checkComplete(request, quota, names)
    const wasIn = !oldObject || inScopes(quota, resource, oldObject)
    return [{ quota, names, added: wasIn ? addedTo(request, usage, nowMs) : positive(usage) }]
  })
}

/** What the write adds, without what it does not change. */
function addedTo({ resource, oldObject }: AdmissionRequest, usage: Usage, nowMs: number): Usage {
  const old = oldObject ? usageOf(resource, oldObject, nowMs) : {}
  const rest = Object.entries(usage).map(([name, amount]) => {
    return [name, old[name] ? subtractQuantity(amount, old[name]) : amount] as const
  })
  return positive(Object.fromEntries(rest))
}

function positive(usage: Usage): Usage {
  return Object.fromEntries(
    Object.entries(usage).filter(([, amount]) => compareQuantity(amount, zeroQuantity) > 0),
  )
}

function checkComplete(request: AdmissionRequest, quota: ResourceQuota, hard: readonly string[]): void {
  const missing = evaluatorOf(request.resource).lacks?.(request.object as KubeObject, hard)
  if (missing) throw refusal(request, `failed quota: ${quota.metadata.name}: must specify ${missing}`)
}

function checkLimits(
  request: AdmissionRequest,
  { quota, names, added }: Demand,
  present: readonly KubeObject[],
  nowMs: number,
): void {
  const asked = names.filter(name => added[name])
  if (asked.length === 0) return
  const hasScopes = scopesOf(quota).length > 0
  const counted = hasScopes ? present.filter(item => inScopes(quota, request.resource, item)) : present
  const used = usedBy(request.resource, counted, asked, nowMs)
  const hard = parseQuantities(quota.spec?.hard)
  const exceeded = asked
    .filter(name => compareQuantity(addQuantity(used[name]!, added[name]!), hard[name] ?? zeroQuantity) > 0)
    .sort()
  if (exceeded.length === 0) return
  const show = (list: Usage) =>
    exceeded.map(name => `${name}=${formatQuantity(list[name] ?? zeroQuantity)}`).join(',')
  throw refusal(
    request,
    `exceeded quota: ${quota.metadata.name}, requested: ${show(added)}, used: ${show(used)}, limited: ${show(hard)}`,
  )
}

function usedBy(
  resource: Resource,
  objects: readonly KubeObject[],
  names: readonly string[],
  nowMs: number,
): Usage {
  const usages = objects.map(object => knownUsage(resource, object, nowMs))
  return Object.fromEntries(names.map(name => [name, sumOf(usages, name)]))
}

/** In whole numbers as long as the scale stays: a namespace may hold thousands of objects. */
function sumOf(usages: readonly Usage[], name: string): Quantity {
  let total: Quantity | undefined
  let amount = 0
  for (const usage of usages) {
    const own = usage[name]
    if (!own) continue
    total ??= own
    const next = own.scale === total.scale ? amount + Number(own.amount) : Number.NaN
    if (!Number.isSafeInteger(next)) return usages.map(each => each[name] ?? zeroQuantity).reduce(addQuantity)
    amount = next
  }
  if (!total) return zeroQuantity
  return { amount: BigInt(amount), scale: total.scale, format: total.format }
}

const known = new WeakMap<KubeObject, Usage>()

/** Objects of the cache are frozen: what one takes is worked out once, unless its end is a matter of time. */
function knownUsage(resource: Resource, object: KubeObject, nowMs: number): Usage {
  if (object.metadata.deletionTimestamp) return usageOf(resource, object, nowMs)
  let usage = known.get(object)
  if (!usage) {
    usage = usageOf(resource, object, nowMs)
    known.set(object, usage)
  }
  return usage
}

import type { Resource } from '../../../api/define.ts'
import { addLists, type Usage } from '../../../api/shared/quota/evaluator.ts'
import { chargedNames, evaluatorOf, inScopes, usageOf } from '../../../api/shared/quota/evaluators.ts'
import type { ResourceQuota } from '../../../api/types/core-v1.gen.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import {
  compareQuantity,
  formatQuantity,
  isZeroQuantity,
  parseQuantities,
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

/** Creations of everything, and updates that may raise usage. */
function isCharged({ operation, info, resource }: AdmissionRequest): boolean {
  if (operation === 'CREATE') return info.subresource === ''
  return operation === 'UPDATE' && evaluatorOf(resource).updates?.includes(info.subresource) === true
}

interface Books {
  readonly ports: QuotaPorts
  readonly reservations: Reservations
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
  if (ports.limited?.length) cover(request, usage, quotas, ports.limited)
  if (quotas.length === 0) return
  const stored = ports.objectsOf(resource).list(info.namespace)
  const present = reservations.present(resource, info.namespace, stored)
  for (const quota of quotas) {
    if (!inScopes(quota, resource, object)) continue
    const old = oldObject && inScopes(quota, resource, oldObject) ? usageOf(resource, oldObject, nowMs) : {}
    const hard = chargedNames(resource, quota)
    checkComplete(request, quota, hard)
    const requested = increase(usage, old, hard)
    if (Object.keys(requested).length === 0) continue
    const counted = present.filter(item => inScopes(quota, resource, item))
    const used = counted.map(item => usageOf(resource, item, nowMs)).reduce(addLists, {})
    checkLimits(request, quota, requested, used)
  }
  if (!dryRun) reservations.add(resource, info.namespace, object, oldObject)
}

function cover(
  request: AdmissionRequest,
  usage: Usage,
  quotas: readonly ResourceQuota[],
  limited: readonly LimitedResource[],
): void {
  const { resource, object, oldObject } = request
  const old = oldObject ? usageOf(resource, oldObject, 0) : {}
  if (oldObject && Object.keys(increase(usage, old, Object.keys(usage))).length === 0) return
  const own = quotas.filter(quota => inScopes(quota, resource, object as KubeObject))
  const covered = new Set(own.flatMap(quota => chargedNames(resource, quota)))
  requireCovered(request, limited, { usage, quotas, covered })
}

function checkComplete(request: AdmissionRequest, quota: ResourceQuota, hard: readonly string[]): void {
  const missing = evaluatorOf(request.resource).lacks?.(request.object as KubeObject, hard)
  if (missing) throw refusal(request, `failed quota: ${quota.metadata.name}: must specify ${missing}`)
}

/** What the write adds, without what it does not change. */
function increase(usage: Usage, old: Usage, names: readonly string[]): Usage {
  const added = names.flatMap(name => {
    const amount = usage[name]
    if (!amount) return []
    const rest = subtractQuantity(amount, old[name] ?? zeroQuantity)
    return compareQuantity(rest, zeroQuantity) > 0 && !isZeroQuantity(rest) ? [[name, rest] as const] : []
  })
  return Object.fromEntries(added)
}

function checkLimits(request: AdmissionRequest, quota: ResourceQuota, requested: Usage, used: Usage): void {
  const hard = parseQuantities(quota.spec?.hard)
  const total = addLists(used, requested)
  const exceeded = Object.keys(requested)
    .filter(name => compareQuantity(total[name] ?? zeroQuantity, hard[name] ?? zeroQuantity) > 0)
    .sort()
  if (exceeded.length === 0) return
  const show = (list: Usage) =>
    exceeded.map(name => `${name}=${formatQuantity(list[name] ?? zeroQuantity)}`).join(',')
  throw refusal(
    request,
    `exceeded quota: ${quota.metadata.name}, requested: ${show(requested)}, used: ${show(used)}, limited: ${show(hard)}`,
  )
}

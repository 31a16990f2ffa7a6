import { toleratesDeviceTaint } from '../../api/resource/device-taints.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import type {
  DeviceRequestAllocationResult,
  DeviceTaint,
  ResourceClaim,
  ResourceSlice,
} from '../../api/types/resource-v1.gen.ts'
import type { DeviceTaintRule } from '../../api/types/resource-v1alpha3.gen.ts'
import type { ObjectStore } from '../../client/object-store.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import { controllerUid } from '../../controller/view.ts'
import { nameOf } from './pod-claims.ts'

/** When a pod has to go, and which rules say so. */
export interface Eviction {
  readonly whenMs: number
  readonly rules: readonly DeviceTaintRule[]
}

/** What evictions depend on. */
export interface DeviceView {
  readonly claims: ObjectStore<ResourceClaim>
  readonly slices: ObjectStore<ResourceSlice>
  readonly rules: readonly DeviceTaintRule[]
}

type Place = Pick<DeviceRequestAllocationResult, 'driver' | 'pool' | 'device'>

/** Index projection: the pool of a slice. */
export const poolOf = ({ spec }: ResourceSlice) => poolKey(spec.driver, spec.pool.name)

export function poolKey(driver: string, pool: string): string {
  return `${driver}/${pool}`
}

/** Of a pool's slices those of its newest generation; the others are out of date. */
export function newestSlices(slices: ObjectStore<ResourceSlice>, key: string): readonly ResourceSlice[] {
  const all = slices.index(poolOf).get(key)
  const newest = Math.max(...all.map(({ spec }) => spec.pool.generation))
  return all.filter(({ spec }) => spec.pool.generation === newest)
}

/** A rule without a selector is about no device. */
export function isAbout(
  { spec: { deviceSelector: selector } }: DeviceTaintRule,
  { driver, pool, device }: Place,
): boolean {
  return (
    selector !== undefined &&
    (selector.driver ?? driver) === driver &&
    (selector.pool ?? pool) === pool &&
    (selector.device ?? device) === device
  )
}

/** The earliest that any claim of the pod asks for; undefined: it may stay. */
export function podEviction(pod: Pod, view: DeviceView): Eviction | undefined {
  const { metadata, spec } = pod
  if (!spec?.nodeName) return undefined
  const evictions = (spec.resourceClaims ?? []).flatMap(entry => {
    const name = nameOf(pod, entry)
    const claim = name ? view.claims.get(metadata.namespace, name) : undefined
    if (!claim?.status?.allocation || !isReservedFor(claim, pod)) return []
    if (entry.resourceClaimTemplateName && controllerUid(claim) !== metadata.uid) return []
    return claimEviction(claim, view) ?? []
  })
  if (evictions.length === 0) return undefined
  return {
    whenMs: Math.min(...evictions.map(({ whenMs }) => whenMs)),
    rules: [...new Set(evictions.flatMap(({ rules }) => rules))],
  }
}

function isReservedFor({ status }: ResourceClaim, { metadata: { uid } }: Pod): boolean {
  return status?.reservedFor?.some(consumer => consumer.uid === uid) ?? false
}

function claimEviction(claim: ResourceClaim, view: DeviceView): Eviction | undefined {
  const results = claim.status?.allocation?.devices?.results ?? []
  const evictions = results.flatMap(result =>
    taintsOf(result, view).flatMap(({ taint, rule }) => {
      const whenMs = evictionMs(taint, result)
      return whenMs === undefined ? [] : { whenMs, rule }
    }),
  )
  if (evictions.length === 0) return undefined
  return {
    whenMs: Math.min(...evictions.map(({ whenMs }) => whenMs)),
    rules: evictions.flatMap(({ rule }) => rule ?? []),
  }
}

interface Found {
  readonly taint: DeviceTaint
  readonly rule?: DeviceTaintRule
}

/** NoExecute taints of a device: its driver's own and those of rules. */
function taintsOf(place: DeviceRequestAllocationResult, { slices, rules }: DeviceView): readonly Found[] {
  const devices = newestSlices(slices, poolKey(place.driver, place.pool)).flatMap(
    ({ spec }) => spec.devices ?? [],
  )
  const own = devices.find(({ name }) => name === place.device)?.taints ?? []
  const ruled = rules.filter(rule => isAbout(rule, place)).map(rule => ({ taint: rule.spec.taint, rule }))
  const all: Found[] = [...own.map(taint => ({ taint })), ...ruled]
  return all.filter(({ taint }) => taint.effect === 'NoExecute')
}

/** Undefined: it is tolerated for ever. Of several tolerations the shortest counts. */
function evictionMs(taint: DeviceTaint, result: DeviceRequestAllocationResult): number | undefined {
  const addedMs = fromTimestamp(taint.timeAdded)
  const used = (result.tolerations ?? []).filter(
    toleration => toleration.effect === 'NoExecute' && toleratesDeviceTaint(toleration, taint),
  )
  const seconds = used.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? [])
  if (addedMs === undefined || seconds.length < used.length) return undefined
  return used.length === 0 ? addedMs : addedMs + Math.max(0, Math.min(...seconds.map(Number))) * 1000
}

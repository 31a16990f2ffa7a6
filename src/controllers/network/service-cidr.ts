import ipaddr from 'ipaddr.js'
import type { Condition } from '../../api/types/meta-v1.gen.ts'
import type { IPAddress, ServiceCIDR } from '../../api/types/networking-v1.gen.ts'
import { strategicPatch } from '../../client/client.ts'
import { fromTimestamp, toTimestamp } from '../../client/timestamp.ts'
import { applyFields, type Plan, patch, requeueAfter } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import { ipAddresses, serviceCidrs } from '../kinds.ts'

const finalizer = 'networking.k8s.io/service-cidr-finalizer'
/** servicecidrs_controller.go deletionGracePeriod: allocators have heard of the deletion by then. */
const deletionGraceMs = 10_000

/** Says that ranges of service addresses are ready, and keeps them while addresses need them (upstream pkg/controller/servicecidrs). */
export const serviceCidrController = defineController<ServiceCIDR>({
  name: 'service-cidr',
  identity: 'service-cidrs-controller',
  eventSource: 'service-cidr-controller',
  primary: serviceCidrs,
  watches: [
    watched(serviceCidrs, ({ spec }, store) => overlapping(spec?.cidrs ?? [], store)),
    watched(ipAddresses, ({ metadata }, store) => containing(metadata.name!, store)),
  ],
  plan: planServiceCidr,
})

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number]

function rangesOf({ spec }: ServiceCIDR): Range[] {
  return (spec?.cidrs ?? []).filter(text => ipaddr.isValidCIDR(text)).map(text => ipaddr.parseCIDR(text))
}

function holds([base, length]: Range, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return base.kind() === address.kind() && address.match(base, length)
}

/** All of the second range is in the first. */
function covers(outer: Range, inner: Range): boolean {
  return outer[1] <= inner[1] && holds(outer, inner[0])
}

function overlapping(cidrs: readonly string[], store: View['store']): string[] {
  const ranges = rangesOf({ metadata: {}, spec: { cidrs: [...cidrs] } })
  return store(serviceCidrs)
    .list()
    .filter(other =>
      rangesOf(other).some(range => ranges.some(mine => covers(range, mine) || covers(mine, range))),
    )
    .map(({ metadata }) => metadata.name!)
}

function containing(address: string, store: View['store']): string[] {
  if (!ipaddr.isValid(address)) return []
  const parsed = ipaddr.parse(address)
  return store(serviceCidrs)
    .list()
    .filter(cidr => rangesOf(cidr).some(range => holds(range, parsed)))
    .map(({ metadata }) => metadata.name!)
}

export function planServiceCidr(cidr: ServiceCIDR, view: View, nowMs: number): Plan {
  const { deletionTimestamp, finalizers = [] } = cidr.metadata
  if (deletionTimestamp) return planDeletion(cidr, view, nowMs)
  const body = { metadata: { finalizers: [finalizer] } }
  const ready = { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' }
  return [
    ...(finalizers.includes(finalizer) ? [] : [patch(serviceCidrs, cidr, { type: strategicPatch, body })]),
    ...setReady(cidr, ready, nowMs),
  ]
}

function planDeletion(cidr: ServiceCIDR, view: View, nowMs: number): Plan {
  const { deletionTimestamp, finalizers = [] } = cidr.metadata
  if (isNeeded(cidr, view)) {
    const message =
      'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR'
    return setReady(cidr, { status: 'False', reason: 'Terminating', message }, nowMs)
  }
  const leftMs = (fromTimestamp(deletionTimestamp) ?? 0) + deletionGraceMs - nowMs
  if (leftMs > 0) return [requeueAfter(leftMs)]
  if (!finalizers.includes(finalizer)) return []
  const body = { metadata: { '$deleteFromPrimitiveList/finalizers': [finalizer] } }
  return [patch(serviceCidrs, cidr, { type: strategicPatch, body })]
}

/** An address of a service is in this range alone. */
function isNeeded(cidr: ServiceCIDR, view: View): boolean {
  const others = view
    .store(serviceCidrs)
    .list()
    .filter(({ metadata }) => metadata.name !== cidr.metadata.name)
  const ranges = rangesOf(cidr)
  const covered = (range: Range) => others.some(other => rangesOf(other).some(outer => covers(outer, range)))
  if (ranges.every(covered)) return false
  const isAlone = ({ metadata }: IPAddress) => {
    if (metadata.labels?.['ipaddress.kubernetes.io/managed-by'] !== 'ipallocator.k8s.io') return false
    const names = containing(metadata.name!, view.store)
    return names.length === 1 && names[0] === cidr.metadata.name
  }
  return view.store(ipAddresses).list().some(isAlone)
}

function setReady(
  cidr: ServiceCIDR,
  wanted: Pick<Condition, 'status' | 'reason' | 'message'>,
  nowMs: number,
): Plan {
  const current = findCondition(cidr.status?.conditions, 'Ready')
  const same = (['status', 'reason', 'message'] as const).every(field => current?.[field] === wanted[field])
  if (same) return []
  const condition = { type: 'Ready', ...wanted, lastTransitionTime: toTimestamp(nowMs) }
  const writer = { fieldManager: 'service-cidr-controller', subresource: 'status' }
  return [applyFields(serviceCidrs, cidr, { status: { conditions: [condition] } }, writer)]
}

import { validateClusterIps } from '../../api/core/service/validate.ts'
import type { Service, ServiceSpec } from '../../api/types/core-v1.gen.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { type Family, familyOf } from './cidr.ts'
import { invalidService } from './invalid-service.ts'

/** The families that the cluster's services have, the default one first. */
export type Families = readonly Family[]

/**
 * Decides which address families a Service has, and what an update means to them (registry core/service
 * alloc.go initIPFamilyFields). Fills policy and families; throws 422 for what does not fit together.
 */
export function settleFamilies(service: Service, old: Service | undefined, configured: Families): void {
  const spec = service.spec ?? {}
  if (spec.type === 'ExternalName' || keepsPreference(service, old)) return
  spec.ipFamilyPolicy ??= defaultPolicy(spec, old?.spec)
  const errors = createFieldErrors()
  validateClusterIps(spec, errors)
  refuse(service, errors)
  if (old) settleReduction(spec, old.spec ?? {}, errors)
  if (spec.ipFamilyPolicy === 'SingleStack') requireOne(spec, errors)
  inferFamilies(spec, configured, errors)
  refuse(service, errors)
  if (spec.clusterIP === 'None' && !hasSelector(spec)) return addFamilies(spec, configured[0]!, true)
  requireConfigured(spec, configured, errors)
  refuse(service, errors)
  addFamilies(spec, configured[0]!, configured.length === 2)
}

/**
 * A Service that prefers two families keeps what it has when the cluster gains or loses one, until its owner says
 * otherwise.
 */
export function keepsPreference({ spec }: Service, old: Service | undefined): boolean {
  if (!spec || !old?.spec || spec.type !== old.spec.type) return false
  if (spec.ipFamilyPolicy !== 'PreferDualStack') return false
  const { ipFamilyPolicy: before = 'PreferDualStack' } = old.spec
  return (
    before === 'PreferDualStack' &&
    isSame(spec, old.spec, 'clusterIPs') &&
    isSame(spec, old.spec, 'ipFamilies')
  )
}

function defaultPolicy(spec: ServiceSpec, old: ServiceSpec | undefined): string {
  if (old?.ipFamilyPolicy !== undefined) return old.ipFamilyPolicy
  return spec.clusterIP === 'None' && !hasSelector(spec) ? 'RequireDualStack' : 'SingleStack'
}

function hasSelector({ selector }: ServiceSpec): boolean {
  return Object.keys(selector ?? {}).length > 0
}

type ListField = 'clusterIPs' | 'ipFamilies'

function isSame(spec: ServiceSpec, old: ServiceSpec, field: ListField): boolean {
  const now = spec[field] ?? []
  const before = old[field] ?? []
  return now.length === before.length && now.every((value, index) => value === before[index])
}

/** The first of the old ones only. */
function isReduced(spec: ServiceSpec, old: ServiceSpec, field: ListField): boolean {
  const now = spec[field] ?? []
  const before = old[field] ?? []
  return (
    now.length !== 0 && now.length < before.length && now.every((value, index) => value === before[index])
  )
}

const path = 'spec.ipFamilyPolicy'

/** Going back to one family needs the word SingleStack, and that word alone is enough. */
function settleReduction(spec: ServiceSpec, old: ServiceSpec, errors: FieldErrors): void {
  if (spec.ipFamilyPolicy === 'SingleStack') {
    for (const field of ['clusterIPs', 'ipFamilies'] as const)
      if (isSame(spec, old, field) && spec[field]) spec[field] = spec[field].slice(0, 1)
    return
  }
  const words = [
    ['clusterIPs', 'cluster IP'],
    ['ipFamilies', 'IP family'],
  ] as const
  for (const [field, what] of words)
    if (isReduced(spec, old, field))
      errors.invalid(path, spec.ipFamilyPolicy, `must be 'SingleStack' to release the secondary ${what}`)
}

function requireOne({ ipFamilyPolicy, clusterIPs, ipFamilies }: ServiceSpec, errors: FieldErrors): void {
  const refused = (what: string) =>
    errors.invalid(
      path,
      ipFamilyPolicy,
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    )
  if (clusterIPs?.length === 2) refused('cluster IPs')
  if (ipFamilies?.length === 2) refused('IP families')
}

/** Addresses that the user chose say their families. */
function inferFamilies(spec: ServiceSpec, configured: Families, errors: FieldErrors): void {
  for (const [index, address] of (spec.clusterIPs ?? []).entries()) {
    if (address === 'None') return
    if (index < (spec.ipFamilies?.length ?? 0)) continue
    const family = familyOf(address)
    if (configured.includes(family)) spec.ipFamilies = [...(spec.ipFamilies ?? []), family]
    else
      errors.invalid(
        `spec.clusterIPs[${index}]`,
        spec.clusterIPs,
        `${family} is not configured on this cluster`,
      )
  }
}

function requireConfigured(spec: ServiceSpec, configured: Families, errors: FieldErrors): void {
  if (spec.ipFamilyPolicy === 'RequireDualStack' && configured.length < 2)
    errors.invalid(path, spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services')
  for (const [index, family] of (spec.ipFamilies ?? []).entries())
    if (!configured.includes(family as Family))
      errors.invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster')
}

/** The default family where none was named, and the other one where two are wanted and to be had. */
function addFamilies(spec: ServiceSpec, primary: Family, hasTwo: boolean): void {
  const [first = primary, ...others] = spec.ipFamilies ?? []
  const isWanted = spec.ipFamilyPolicy !== 'SingleStack' && others.length === 0 && hasTwo
  spec.ipFamilies = isWanted ? [first, first === 'IPv4' ? 'IPv6' : 'IPv4'] : [first, ...others]
}

function refuse(service: Service, errors: FieldErrors): void {
  if (errors.list.length > 0) throw invalidService(service, errors)
}

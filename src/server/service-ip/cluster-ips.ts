import type { Service, ServiceSpec } from '../../api/types/core-v1.gen.ts'
import { internalError } from '../../machinery/status/errors.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { messageOf } from '../../std/message.ts'
import { type AddressBook, AddressError } from './address-book.ts'
import type { Family } from './cidr.ts'
import { keepsPreference } from './families.ts'
import { invalidService } from './invalid-service.ts'

/** Which addresses a write takes, and which it will give back once it is done. */
export interface AddressChange {
  readonly taken: readonly string[]
  readonly given: readonly string[]
}

const nothing: AddressChange = { taken: [], given: [] }

/** Gives a Service the cluster IPs that its families ask for (alloc.go allocClusterIPs, updateClusterIPs). */
export async function settleClusterIps(
  service: Service,
  old: Service | undefined,
  book: AddressBook,
): Promise<AddressChange> {
  const { spec } = service
  const before = old?.spec
  if (!spec || keepsPreference(service, old)) return nothing
  if (!before || (before.type === 'ExternalName' && spec.type !== 'ExternalName')) {
    if (spec.type === 'ExternalName' || spec.clusterIPs?.[0] === 'None') return nothing
    return { taken: await fill(service, spec, 0, book), given: [] }
  }
  if (before.type === 'ExternalName' || before.clusterIPs?.[0] === 'None') return nothing
  if (spec.type === 'ExternalName') return { taken: [], given: before.clusterIPs ?? [] }
  const hadOne = before.ipFamilies?.length === 1
  if (hadOne && spec.ipFamilies?.length === 2) return { taken: await fill(service, spec, 1, book), given: [] }
  const loses = before.ipFamilies?.length === 2 && spec.ipFamilies?.length === 1
  return loses ? { taken: [], given: before.clusterIPs?.slice(1) ?? [] } : nothing
}

/** Whether `settleClusterIps` has anything to look at: most updates change neither type nor families. */
export function touchesClusterIps({ spec }: Service, { spec: old }: Service): boolean {
  return spec?.type !== old?.type || (spec?.ipFamilies?.length ?? 0) !== (old?.ipFamilies?.length ?? 0)
}

/** Addresses for the families from `first` on: those that were asked for, or any. */
async function fill(
  service: Service,
  spec: ServiceSpec,
  first: number,
  book: AddressBook,
): Promise<string[]> {
  const addresses = [...(spec.clusterIPs ?? [])]
  const taken: string[] = []
  try {
    for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
      if (index < first) continue
      addresses[index] = await take(service, { family: family as Family, wanted: addresses[index] }, book)
      taken.push(addresses[index]!)
    }
  } catch (error) {
    for (const address of taken) await book.release(address)
    throw error
  }
  spec.clusterIPs = addresses
  spec.clusterIP = addresses[0]!
  return taken
}

interface Wanted {
  readonly family: Family
  readonly wanted: string | undefined
}

async function take(service: Service, { family, wanted }: Wanted, book: AddressBook): Promise<string> {
  try {
    if (!wanted) return await book.pick(service, family)
    await book.claim(service, wanted)
    return wanted
  } catch (error) {
    if (error instanceof AddressError && error.isFull)
      throw internalError(`failed to allocate a serviceIP: ${error.message}`)
    const why = messageOf(error)
    const errors = createFieldErrors()
    const shown = service.spec?.clusterIPs ?? ['']
    errors.invalid('spec.clusterIPs', shown, `failed to allocate IP${wanted ? ` ${wanted}` : ''}: ${why}`)
    throw invalidService(service, errors)
  }
}

import type { Service } from '../../api/types/core-v1.gen.ts'
import type { IPAddress, ServiceCIDR } from '../../api/types/networking-v1.gen.ts'
import type { Transport } from '../../client/transport.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { isAlreadyExists, isNotFound } from '../../machinery/status/errors.ts'
import type { Ports } from '../../std/ports.ts'
import { collectionPrefix, objectKey, type WatchCache } from '../watchcache/index.ts'
import { type AddressRange, canonicalAddress, type Family, familyOf, parseRange } from './cidr.ts'
import { addressMeter } from './meter.ts'
import { pickFree } from './pick-free.ts'

/**
 * Who holds which service address. The truth are IPAddress objects: an address is taken by creating the object of its
 * name, which only one of several servers can (registry ipallocator, KEP-1880).
 */
export interface AddressBook {
  /** Takes this very address; rejects with an `AddressError`. */
  claim(service: Service, address: string): Promise<void>
  /** Takes any free address of a family; rejects with an `AddressError`. */
  pick(service: Service, family: Family): Promise<string>
  /** Gives an address back. Of one that is not taken: nothing to do. */
  release(address: string): Promise<void>
}

/** Why there is no such address. */
export class AddressError extends Error {
  override name = 'AddressError'
  readonly isFull: boolean
  constructor(message: string, isFull = false) {
    super(message)
    this.isFull = isFull
  }
}

export interface AddressBookOptions {
  /** The ranges that the server was started with; ServiceCIDR objects say more, once they are there. */
  readonly cidrs: readonly string[]
  readonly cache: WatchCache
  /** With the server's own rights. */
  readonly transport: () => Transport
  readonly ports: Ports
  readonly signal: AbortSignal
}

const group = 'networking.k8s.io'
const serviceCidrs = collectionPrefix({ group, plural: 'servicecidrs' })
const addresses = collectionPrefix({ group, plural: 'ipaddresses' })
const defaultName = 'kubernetes'
const mismatch = 'the provided network does not match the current range'
const taken = 'provided IP is already allocated'

export function createAddressBook(options: AddressBookOptions): AddressBook {
  const { ports } = options
  const meter = addressMeter(ports.metrics, () => fillings(options), options.signal)
  const at = { group, version: 'v1', resource: 'ipaddresses' } as const
  const create = async (service: Service, address: string) => {
    const body = ipAddressOf(address, service) as unknown as JsonObject
    await options.transport().call({ ...at, verb: 'create', body })
  }
  return {
    async claim(service, text) {
      const address = canonicalAddress(text)
      const range = readyRanges(options).find(each => each.has(address))
      if (!range) throw new AddressError(mismatch)
      const startMs = ports.clock.monotonicMs()
      try {
        await create(service, address)
        meter.taken(range.text, 'static', ports.clock.monotonicMs() - startMs)
      } catch (error) {
        meter.failed(range.text, 'static')
        if (isAlreadyExists(error)) throw new AddressError(taken)
        throw error
      }
    },
    async pick(service, family) {
      for (const range of readyRanges(options)) {
        if (range.family !== family) continue
        const startMs = ports.clock.monotonicMs()
        const index = await pickFree(range.size, staticPart(range.size), ports.random, async candidate => {
          const address = range.at(candidate)
          if (isKnown(options.cache, address)) return false
          try {
            await create(service, address)
            return true
          } catch (error) {
            meter.failed(range.text, 'dynamic')
            // Another server was faster.
            if (isAlreadyExists(error)) return false
            throw error
          }
        })
        if (index !== undefined) {
          meter.taken(range.text, 'dynamic', ports.clock.monotonicMs() - startMs)
          return range.at(index)
        }
        meter.failed(range.text, 'dynamic')
      }
      throw new AddressError('range is full', true)
    },
    async release(address) {
      try {
        await options.transport().call({ ...at, verb: 'delete', name: canonicalAddress(address) })
      } catch (error) {
        // As upstream: the repair finds what is left.
        if (!isNotFound(error))
          ports.log.warn('a service address was not released', { address, error: String(error) })
      }
    },
  }
}

/** What a dry run is told: nothing is looked for, and nothing is taken. */
export function dryAddressBook(options: AddressBookOptions): AddressBook {
  const rangeOf = (family: Family) => readyRanges(options).find(range => range.family === family)
  return {
    async claim(_, address) {
      const range = rangeOf(familyOf(address))
      if (!range || range.has(canonicalAddress(address))) return
      throw new AddressError(
        `the provided IP (${canonicalAddress(address)}) is not in the valid range. The range of valid IPs is ${range.text}`,
      )
    },
    pick: async (_, family) => rangeOf(family)?.network ?? '',
    release: async () => {},
  }
}

function isKnown(cache: WatchCache, address: string): boolean {
  return cache.get(objectKey({ group, plural: 'ipaddresses' }, undefined, address)) !== undefined
}

/** Ranges that addresses may be taken from now. */
function readyRanges({ cache, cidrs }: AddressBookOptions): AddressRange[] {
  const objects = cache.list(serviceCidrs).items.map(({ object }) => object as ServiceCIDR)
  const isBegun = objects.some(({ metadata }) => metadata.name === defaultName)
  const named = objects.filter(isReady).flatMap(({ spec }) => spec?.cidrs ?? [])
  return [...new Set(isBegun ? named : [...cidrs, ...named])].map(parseRange)
}

/** What is taken of each range. Addresses are read only where a family has more than one. */
function fillings(options: AddressBookOptions) {
  const ranges = readyRanges(options)
  const taken = options.cache.list(addresses).items.map(({ object }) => (object as IPAddress).metadata.name!)
  return ranges.map(range => {
    const isAlone = ranges.every(other => other === range || other.family !== range.family)
    const isIn = isAlone
      ? (address: string) => address.includes(':') === (range.family === 'IPv6')
      : range.has
    return { cidr: range.text, taken: taken.filter(isIn).length, size: range.size }
  })
}

/** Where nobody has said that a range is ready, it is: the controller manager may be away. */
function isReady({ metadata, status }: ServiceCIDR): boolean {
  if (metadata.deletionTimestamp) return false
  return findCondition(status?.conditions, 'Ready')?.status !== 'False'
}

/** The lower part of a range is for addresses that people choose (KEP-3070). */
function staticPart(size: number): number {
  return size > 32 ? Math.min(Math.max(16, Math.floor(size / 16)), 256) : 0
}

export const managedBy = 'ipallocator.k8s.io'

/** The object that says that an address is this Service's. */
export function ipAddressOf(address: string, { metadata }: Service): IPAddress {
  return {
    apiVersion: `${group}/v1`,
    kind: 'IPAddress',
    metadata: {
      name: address,
      labels: {
        'ipaddress.kubernetes.io/ip-family': familyOf(address),
        'ipaddress.kubernetes.io/managed-by': managedBy,
      },
    },
    spec: {
      parentRef: {
        resource: 'services',
        namespace: metadata.namespace ?? '',
        name: metadata.name!,
      },
    },
  }
}

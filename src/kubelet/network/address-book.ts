import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addressAt, parseCidr4 } from './cidr.ts'

/**
 * Which sandbox has which pod address: one small file per address, named after it, holding the sandbox's id (the
 * layout of CNI's host-local). Survives a restart; taking is atomic because a file is created only once.
 */
export interface AddressBook {
  /** The sandbox's address: the one that it has, or the next free one. Throws when the range is used up. */
  take(sandboxId: string): string
  give(sandboxId: string): void
  of(sandboxId: string): string | undefined
  /** First address of the range: the bridge's own, and every pod's way out. */
  readonly gateway: string
}

export function openAddressBook(directory: string, podCidr: string): AddressBook {
  const cidr = parseCidr4(podCidr)
  mkdirSync(directory, { recursive: true })
  const owners = new Map<string, string>()
  for (const ip of readdirSync(directory)) owners.set(ip, readFileSync(join(directory, ip), 'utf8'))
  const addresses = new Map([...owners].map(([ip, sandboxId]) => [sandboxId, ip]))
  let cursor = 1

  const claim = (ip: string, sandboxId: string): string => {
    writeFileSync(join(directory, ip), sandboxId, { flag: 'wx' })
    owners.set(ip, sandboxId)
    addresses.set(sandboxId, ip)
    return ip
  }
  return {
    gateway: addressAt(cidr, 1),
    of: sandboxId => addresses.get(sandboxId),
    take(sandboxId) {
      const known = addresses.get(sandboxId)
      if (known) return known
      // Round robin: an address that was just given back rests, so that no stale connection meets a new pod.
      for (let tries = 2; tries < cidr.size - 1; tries++) {
        cursor = cursor + 1 >= cidr.size - 1 ? 2 : cursor + 1
        const ip = addressAt(cidr, cursor)
        if (!owners.has(ip)) return claim(ip, sandboxId)
      }
      throw new Error(`no free address left in ${podCidr}: ${owners.size} pods have one`)
    },
    give(sandboxId) {
      const ip = addresses.get(sandboxId)
      if (!ip) return
      rmSync(join(directory, ip), { force: true })
      addresses.delete(sandboxId)
      owners.delete(ip)
    },
  }
}

import { dns1123SubdomainErrors } from '../machinery/meta/names.ts'
import type { Ports } from '../std/ports.ts'

/**
 * Names an event after its object and nanoseconds since the epoch in hexadecimal, of which chance tells what the clock
 * cannot see (client-go tools/record/util). A name that no event may have, such as that of a ClusterRole with a colon,
 * gives way to a UUID.
 */
export function eventName(
  about: string | undefined,
  { clock, random }: Pick<Ports, 'clock' | 'random'>,
): string {
  const chance = BigInt(Math.floor(random.next() * 1e6))
  const suffix = (BigInt(Math.floor(clock.nowMs())) * 1_000_000n + chance).toString(16)
  const name = `${about}.${suffix}`
  return dns1123SubdomainErrors(name).length > 0 ? random.uuid() : name
}

import type { Clock } from '../../std/ports.ts'
import { createClaims, type WatchCache } from '../watchcache/index.ts'

/**
 * Ports that are being given away, where several servers do so. A claim lasts until the Service is written, and from then
 * on all know whose the port is (upstream has one record of all ports, compared and swapped).
 */
export interface PortClaims {
  /** False when another server is giving this port away, or has just done so. */
  claim(port: number, owner: string): Promise<boolean>
  /** What `owner` claimed is a stored Service's now, or nobody's. */
  release(owner: string): Promise<void>
}

/** Whoever claimed it has failed by then. */
const lifeMs = 60_000

export function createPortClaims(
  cache: WatchCache,
  { clock }: { readonly clock: Clock },
  isHeld: (port: number) => boolean,
): PortClaims {
  const claims = createClaims({ cache, clock, plural: 'nodeportclaims', lifeMs })
  const own = new Map<string, string[]>()
  return {
    async claim(port, owner) {
      const name = String(port)
      if (!(await claims.take(name))) return false
      own.set(owner, [...(own.get(owner) ?? []), name])
      // Whoever had it before has written its Service by now.
      return !isHeld(port)
    },
    async release(owner) {
      const names = own.get(owner) ?? []
      own.delete(owner)
      for (const name of names) await claims.give(name)
    },
  }
}

import type { Resource } from '../../../api/define.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import type { Clock } from '../../../std/ports.ts'

/** Objects that were admitted and that the cache does not show yet: two at once must not share the last place. */
export interface Reservations {
  add(resource: Resource, namespace: string, object: KubeObject): void
  /** Those that `stored` does not hold. */
  pending(resource: Resource, namespace: string, stored: readonly KubeObject[]): readonly KubeObject[]
}

/** A write that is not there by then has failed. */
const lifeMs = 5000
const reservationsMax = 4096

interface Reservation {
  readonly object: KubeObject
  readonly untilMs: number
}

export function createReservations(clock: Pick<Clock, 'monotonicMs'>): Reservations {
  const byCollection = new Map<string, Reservation[]>()
  let count = 0
  const keyOf = ({ group, plural }: Resource, namespace: string) => `${group}/${plural}/${namespace}`
  const replace = (key: string, kept: Reservation[], before: number) => {
    count += kept.length - before
    if (kept.length) byCollection.set(key, kept)
    else byCollection.delete(key)
  }
  return {
    add(resource, namespace, object) {
      if (count >= reservationsMax) {
        byCollection.clear()
        count = 0
      }
      const key = keyOf(resource, namespace)
      const held = byCollection.get(key) ?? []
      replace(key, [...held, { object, untilMs: clock.monotonicMs() + lifeMs }], held.length)
    },
    pending(resource, namespace, stored) {
      const key = keyOf(resource, namespace)
      const held = byCollection.get(key)
      if (!held) return []
      const there = new Set(stored.map(({ metadata }) => metadata.name))
      const nowMs = clock.monotonicMs()
      const kept = held.filter(({ object, untilMs }) => untilMs > nowMs && !there.has(object.metadata.name))
      replace(key, kept, held.length)
      return kept.map(({ object }) => object)
    },
  }
}

import type { Resource } from '../../../api/define.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import type { Clock } from '../../../std/ports.ts'

/** Objects that were admitted and that the cache does not show yet: two at once must not share the last place. */
export interface Reservations {
  /** `old` is what an update replaces. */
  add(resource: Resource, namespace: string, object: KubeObject, old?: KubeObject): void
  /** What will be stored when all that was admitted is written. */
  present(resource: Resource, namespace: string, stored: readonly KubeObject[]): readonly KubeObject[]
}

/** A write that is not there by then has failed. */
const lifeMs = 5000
const reservationsMax = 4096

interface Reservation {
  readonly object: KubeObject
  /** The version that it replaces; undefined for a new object. */
  readonly replaces: string | undefined
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
    add(resource, namespace, object, old) {
      if (count >= reservationsMax) {
        byCollection.clear()
        count = 0
      }
      const key = keyOf(resource, namespace)
      const held = byCollection.get(key) ?? []
      const untilMs = clock.monotonicMs() + lifeMs
      replace(key, [...held, { object, replaces: old?.metadata.resourceVersion, untilMs }], held.length)
    },
    present(resource, namespace, stored) {
      const key = keyOf(resource, namespace)
      const held = byCollection.get(key)
      if (!held) return stored
      const versions = new Map(stored.map(({ metadata }) => [metadata.name, metadata.resourceVersion]))
      const nowMs = clock.monotonicMs()
      const kept = held.filter(({ object, replaces, untilMs }) => {
        return untilMs > nowMs && versions.get(object.metadata.name) === replaces
      })
      replace(key, kept, held.length)
      const superseded = new Set(kept.map(({ object }) => object.metadata.name))
      const others = stored.filter(({ metadata }) => !superseded.has(metadata.name))
      return [...others, ...kept.map(({ object }) => object)]
    },
  }
}

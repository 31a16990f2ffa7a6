import type { Pod, Service } from '../../api/types/core-v1.gen.ts'
import { objectKey } from '../../client/resource.ts'
import { podCondition } from '../shared/pod.ts'

interface Known {
  readonly service: string
  readonly pods: ReadonlyMap<string, string>
}

/**
 * Tells when that happened which a change of endpoints answers: the earliest change of readiness, or of the
 * service, since the last asking (endpointslice/util TriggerTimeTracker). Times are RFC 3339 in whole seconds.
 */
export class TriggerTimes {
  readonly #known = new Map<string, Known>()

  /** Undefined when nothing of this has changed. The creation of a service that is new. */
  next(service: Service, pods: readonly Pod[]): string | undefined {
    const key = objectKey(service)
    const known = this.#known.get(key)
    const created = service.metadata.creationTimestamp ?? ''
    const times = new Map(pods.map(pod => [pod.metadata.name!, readyChange(pod)] as const))
    this.#known.set(key, { service: created, pods: times })
    if (!known) return created || undefined
    const changed = [...times].flatMap(([name, time]) => (time > (known.pods.get(name) ?? '') ? [time] : []))
    if (created > known.service) changed.push(created)
    return changed.toSorted()[0]
  }

  forget(key: string): void {
    this.#known.delete(key)
  }
}

function readyChange(pod: Pod): string {
  return podCondition(pod, 'Ready')?.lastTransitionTime ?? ''
}

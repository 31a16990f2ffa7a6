import type { Container, Pod } from '../../api/types/core-v1.gen.ts'
import { type EventRecorder, referenceTo } from '../../client/events.ts'
import { pods } from '../resources.ts'

/** Says what happened to a pod, or to one of its containers. */
export type PodEvents = (subject: EventSubject, note: PodNote) => void

export interface EventSubject {
  readonly pod: Pod
  readonly container?: Container
}

export interface PodNote {
  readonly type?: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** Records through the client; a container shows as the field path of the involved object. */
export function podEvents(recorder: EventRecorder): PodEvents {
  return ({ pod, container }, { type = 'Normal', reason, message }) => {
    const fieldPath = container && fieldPathOf(pod, container)
    recorder.record(
      { ...referenceTo(pods, pod), ...(fieldPath ? { fieldPath } : {}) },
      { type, reason, message },
    )
  }
}

function fieldPathOf(pod: Pod, { name }: Container): string {
  const has = (list: readonly { name: string }[] | undefined) => list?.some(entry => entry.name === name)
  if (has(pod.spec?.initContainers)) return `spec.initContainers{${name}}`
  if (has(pod.spec?.ephemeralContainers)) return `spec.ephemeralContainers{${name}}`
  return `spec.containers{${name}}`
}

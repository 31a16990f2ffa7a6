import type { Container, Pod } from '../../api/types/core-v1.gen.ts'
import type { ObservedContainer, ObservedSandbox } from '../runtime/runtime.ts'
import type { PodView, Role } from './view.ts'

/** One step towards the pod that is wanted. The worker does them in order; `kill` does not wait for the end. */
export type PodAction =
  | { readonly do: 'createSandbox'; readonly attempt: number }
  | { readonly do: 'stopSandbox' | 'removeSandbox'; readonly sandbox: ObservedSandbox }
  | {
      readonly do: 'start'
      readonly container: Container
      readonly role: Role
      readonly attempt: number
      readonly sandbox: ObservedSandbox
    }
  | {
      readonly do: 'kill'
      readonly container: ObservedContainer
      readonly graceSeconds: number
      readonly message: string
    }
  | { readonly do: 'resize'; readonly container: Container; readonly running: ObservedContainer }
  | { readonly do: 'remove'; readonly id: string }

export interface PodPlan {
  readonly actions: readonly PodAction[]
  /** By container name: why it is not started yet. */
  readonly waiting: ReadonlyMap<string, { readonly reason: string; readonly message: string }>
  /** When to look again although nothing changed. */
  readonly wakeAtMs: number | undefined
  /** Every container has come to its end and none will be started again. */
  readonly completed: boolean
  /** The pod is ending and nothing of it runs any more. */
  readonly ended: boolean
}

/** A plan while it is being made. */
export interface Draft {
  readonly view: PodView
  readonly actions: PodAction[]
  readonly waiting: Map<string, { readonly reason: string; readonly message: string }>
  wakeAtMs: number | undefined
  completed: boolean
  ended: boolean
}

/** Asks for a stop, unless one is under way that ends as soon. */
export function kill(
  draft: Draft,
  container: ObservedContainer,
  graceSeconds: number,
  message: string,
): void {
  const deadlineMs = draft.view.stopping.get(container.id)
  if (deadlineMs !== undefined && deadlineMs <= draft.view.nowMs + graceSeconds * 1000) return
  draft.actions.push({ do: 'kill', container, graceSeconds, message })
}

export function wakeAt(draft: Draft, atMs: number): void {
  draft.wakeAtMs = Math.min(draft.wakeAtMs ?? Number.POSITIVE_INFINITY, atMs)
}

/** `name_namespace`, upstream's full name in messages. */
export function podFullName(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace}`
}

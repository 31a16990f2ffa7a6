import type { PodEnvironment } from './environment.ts'
import type { PodState } from './pod-state.ts'
import type { PodView } from './view.ts'

/** What a step of a plan is done with. */
export interface ActionContext {
  readonly env: PodEnvironment
  readonly state: PodState
  readonly view: PodView
  readonly signal: AbortSignal
  readonly wake: () => void
}

import { createFeatures, type Features } from './features.ts'
import type { SwitchedGate } from './gates.ts'

let current: Pick<Features, 'enabled'> = createFeatures()

/** Sets the gates of this process, once and before anything is served; until then they are as they are by default. */
export function putInForce(features: Pick<Features, 'enabled'>): void {
  current = features
}

/** For rules of kinds, which nobody hands anything: whether a gate of this process is on. */
export function inForce(gate: SwitchedGate): boolean {
  return current.enabled(gate)
}

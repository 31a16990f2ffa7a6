import type { Container, Pod, Probe } from '../../api/types/core-v1.gen.ts'

/** Asks a container once how it is. Rejects when the asking itself went wrong. */
export type Prober = (request: ProbeRequest) => Promise<ProbeResult>

export interface ProbeRequest {
  readonly pod: Pod
  readonly container: Container
  readonly containerId: string
  readonly probe: Probe
  readonly podIp: string | undefined
}

export interface ProbeResult {
  readonly ok: boolean
  /** What the container answered, for the event. */
  readonly output: string
}

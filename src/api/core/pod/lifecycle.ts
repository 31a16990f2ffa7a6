import type { Container, Pod, PodSpec } from '../../types/core-v1.gen.ts'

/** Nothing of the pod runs any more, or will again (podutils IsPodTerminal). */
export function isFinished({ status }: Pick<Pod, 'status'>): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

/** An init container that runs on beside the others (KEP-753; podutils IsRestartableInitContainer). */
export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always'
}

/** The init containers that run on, in order. */
export function sidecarsOf(spec: PodSpec | undefined): readonly Container[] {
  return spec?.initContainers?.filter(isSidecar) ?? []
}

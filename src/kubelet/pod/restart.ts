import type { Container, Pod } from '../../api/types/core-v1.gen.ts'

/**
 * Whether a container that ended with this code is started again. The container's own rules go first, then its
 * own policy, then the pod's (KEP-5307; upstream pkg/api/v1/pod ContainerShouldRestart).
 */
export function shouldRestart(container: Container, pod: Pod, exitCode: number): boolean {
  for (const { exitCodes } of container.restartPolicyRules ?? []) {
    if (!exitCodes) continue
    const listed = exitCodes.values?.includes(exitCode) ?? false
    if (listed === (exitCodes.operator === 'In')) return true
  }
  const policy = container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always'
  if (policy === 'OnFailure') return exitCode !== 0
  return policy === 'Always'
}

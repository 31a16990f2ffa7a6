import type { Container, Pod } from '../../api/types/core-v1.gen.ts'
import type { ContainerSecurity, Image } from '../runtime/runtime.ts'
import { configError } from './env.ts'

/** The container's security context over the pod's (upstream pkg/securitycontext DetermineEffectiveSecurityContext). */
export function containerSecurity(pod: Pod, container: Container, image: Image): ContainerSecurity {
  const shared = pod.spec?.securityContext ?? {}
  const own = container.securityContext ?? {}
  const user = own.runAsUser ?? shared.runAsUser
  if (own.runAsNonRoot ?? shared.runAsNonRoot) verifyNonRoot(pod, container, { user, imageUser: image.user })
  const profile = own.seccompProfile ?? shared.seccompProfile
  return {
    privileged: own.privileged ?? false,
    user,
    group: own.runAsGroup ?? shared.runAsGroup,
    supplementalGroups: [
      ...(shared.supplementalGroups ?? []),
      ...(shared.fsGroup === undefined ? [] : [shared.fsGroup]),
    ],
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    seccomp:
      profile?.type === 'RuntimeDefault'
        ? 'RuntimeDefault'
        : profile?.type === 'Localhost'
          ? { localhostProfile: profile.localhostProfile ?? '' }
          : 'Unconfined',
  }
}

function verifyNonRoot(
  pod: Pod,
  { name }: Container,
  { user, imageUser }: { user: number | undefined; imageUser: string },
): void {
  const who = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${name})`
  if (user === 0) throw configError(`container's runAsUser breaks non-root policy ${who}`)
  if (user !== undefined) return
  const first = imageUser.split(':')[0] ?? ''
  if (first === '' || first === '0')
    throw configError(`container has runAsNonRoot and image will run as root ${who}`)
  if (!/^\d+$/.test(first))
    throw configError(
      `container has runAsNonRoot and image has non-numeric user (${first}), cannot verify user is non-root ${who}`,
    )
}

/** Security contexts of pods and containers (pkg/apis/core/validation ValidateSecurityContext). */
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { inRange } from '../../../machinery/validation/values.ts'
import { internalValue } from '../../shared/internal-value.ts'
import type { AppArmorProfile, PodSpec, SeccompProfile, SecurityContext } from '../../types/core-v1.gen.ts'
import { validateDescendingPath } from './local-path.ts'
import { validateWindowsOptions } from './windows-options.ts'

const idRange = [0, 2 ** 31 - 1] as const
const sysctlLengthMax = 253
const sysctlPattern = '([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined']

/** Of one container. `hostUsers`: the pod shares the host's user namespace. */
export function validateSecurityContext(
  context: SecurityContext | undefined,
  hostUsers: boolean,
  path: string,
  errors: FieldErrors,
): void {
  if (!context) return
  const { runAsUser, runAsGroup, procMount, allowPrivilegeEscalation, privileged, capabilities } = context
  if (runAsUser !== undefined) inRange(runAsUser, idRange, `${path}.runAsUser`, errors)
  if (runAsGroup !== undefined) inRange(runAsGroup, idRange, `${path}.runAsGroup`, errors)
  if (procMount !== undefined) {
    const types = ['Default', 'Unmasked']
    if (!types.includes(procMount)) errors.notSupported(`${path}.procMount`, procMount, types)
    if (hostUsers && procMount === 'Unmasked') {
      errors.invalid(`${path}.procMount`, procMount, '`hostUsers` must be false to use `Unmasked`')
    }
  }
  validateSeccomp(context.seccompProfile, `${path}.seccompProfile`, errors)
  if (allowPrivilegeEscalation === false) {
    const cannot = 'cannot set `allowPrivilegeEscalation` to false and'
    const shown = internalValue('k8s.io/api/core/v1.SecurityContext', context)
    if (privileged) errors.invalid(path, shown, `${cannot} \`privileged\` to true`)
    if (capabilities?.add?.includes('CAP_SYS_ADMIN')) {
      errors.invalid(path, shown, `${cannot} \`capabilities.Add\` CAP_SYS_ADMIN`)
    }
  }
  validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`, errors)
  validateAppArmor(context.appArmorProfile, `${path}.appArmorProfile`, errors)
}

function validateSeccomp(profile: SeccompProfile | undefined, path: string, errors: FieldErrors): void {
  if (!profile) return
  const { type = '', localhostProfile } = profile
  if (!type) errors.required(`${path}.type`, 'type is required when seccompProfile is set')
  else if (!profileTypes.includes(type)) errors.notSupported(`${path}.type`, type, profileTypes)
  const at = `${path}.localhostProfile`
  if (type !== 'Localhost') {
    if (localhostProfile === undefined) return
    const shown = internalValue('k8s.io/api/core/v1.SeccompProfile', profile)
    errors.invalid(at, shown, 'can only be set when seccomp type is Localhost')
  } else if (localhostProfile === undefined) errors.required(at, 'must be set when seccomp type is Localhost')
  else validateDescendingPath(localhostProfile, at, errors)
}

const appArmorNameMax = 4095

function validateAppArmor(profile: AppArmorProfile | undefined, path: string, errors: FieldErrors): void {
  if (!profile) return
  const { type = '', localhostProfile } = profile
  const at = `${path}.localhostProfile`
  if (!type) return errors.required(`${path}.type`, 'type is required when appArmorProfile is set')
  if (!profileTypes.includes(type)) return errors.notSupported(`${path}.type`, type, profileTypes)
  if (type !== 'Localhost') {
    if (localhostProfile !== undefined)
      errors.invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost')
  } else if (localhostProfile === undefined || localhostProfile === '')
    errors.required(at, 'must be set when AppArmor type is Localhost')
  else {
    if (localhostProfile.trim() !== localhostProfile)
      errors.invalid(at, localhostProfile, 'must not be padded with whitespace')
    if (localhostProfile.length > appArmorNameMax) errors.tooLong(at, appArmorNameMax)
  }
}

/** Of the pod, and what it may not share with the host together with it. */
export function validatePodSecurityContext(spec: PodSpec, path: string, errors: FieldErrors): void {
  const context = spec.securityContext
  if (!context) return
  for (const field of ['fsGroup', 'runAsUser', 'runAsGroup'] as const) {
    const id = context[field]
    if (id !== undefined) inRange(id, idRange, `${path}.${field}`, errors)
  }
  context.supplementalGroups?.forEach((id, i) => {
    inRange(id, idRange, `${path}.supplementalGroups[${i}]`, errors)
  })
  if (spec.shareProcessNamespace && spec.hostPID) {
    errors.invalid(
      `${path}.shareProcessNamespace`,
      true,
      'ShareProcessNamespace and HostPID cannot both be enabled',
    )
  }
  validateSysctls(spec, `${path}.sysctls`, errors)
  const { fsGroupChangePolicy, supplementalGroupsPolicy, seLinuxChangePolicy } = context
  const changePolicies = ['Always', 'OnRootMismatch']
  if (fsGroupChangePolicy !== undefined && !changePolicies.includes(fsGroupChangePolicy)) {
    errors.notSupported(`${path}.fsGroupChangePolicy`, fsGroupChangePolicy, changePolicies)
  }
  validateSeccomp(context.seccompProfile, `${path}.seccompProfile`, errors)
  validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`, errors)
  validateAppArmor(context.appArmorProfile, `${path}.appArmorProfile`, errors)
  const groupPolicies = ['Merge', 'Strict']
  if (supplementalGroupsPolicy !== undefined && !groupPolicies.includes(supplementalGroupsPolicy)) {
    errors.notSupported(`${path}.supplementalGroupsPolicy`, supplementalGroupsPolicy, groupPolicies)
  }
  // The other policy waits for the feature SELinuxMount.
  if (seLinuxChangePolicy !== undefined && seLinuxChangePolicy !== 'Recursive')
    errors.notSupported(`${path}.seLinuxChangePolicy`, seLinuxChangePolicy, ['Recursive'])
}

function validateSysctls(
  { securityContext, hostNetwork, hostIPC }: PodSpec,
  path: string,
  errors: FieldErrors,
): void {
  const seen = new Set<string>()
  securityContext?.sysctls?.forEach(({ name = '' }, i) => {
    const at = `${path}[${i}].name`
    if (!name) errors.required(at)
    else if (name.length > sysctlLengthMax || !new RegExp(`^${sysctlPattern}$`).test(name)) {
      errors.invalid(
        at,
        name,
        `must have at most ${sysctlLengthMax} characters and match regex ^${sysctlPattern}$`,
      )
    } else if (seen.has(name)) errors.duplicate(at, name)
    seen.add(name)
    const dotted = name.replaceAll('/', '.')
    if (hostNetwork && dotted.startsWith('net.'))
      errors.invalid(at, name, "may not be specified when 'hostNetwork' is true")
    if (hostIPC && /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(dotted)) {
      errors.invalid(at, name, "may not be specified when 'hostIPC' is true")
    }
  })
}

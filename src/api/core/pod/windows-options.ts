/** What Windows alone understands of a security context (validateWindowsSecurityContextOptions). */
import { dns1123SubdomainErrors } from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import type { Container, PodSpec, WindowsSecurityContextOptions } from '../../types/core-v1.gen.ts'

const credentialBytesMax = 64 * 1024
const domainLengthMax = 256
const userLengthMax = 104
const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const dnsDomain = /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\x00-\x1f\x7f]/

export function validateWindowsOptions(
  options: WindowsSecurityContextOptions | undefined,
  path: string,
  errors: FieldErrors,
): void {
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options ?? {}
  if (name !== undefined)
    invalidFor(errors, `${path}.gmsaCredentialSpecName`, name, dns1123SubdomainErrors(name))
  const at = `${path}.gmsaCredentialSpec`
  if (spec === '') errors.invalid(at, spec, 'gmsaCredentialSpec cannot be an empty string')
  else if (spec !== undefined && Buffer.byteLength(spec) > credentialBytesMax)
    errors.invalid(at, spec, 'gmsaCredentialSpec size must be under 64 KiB')
  if (user !== undefined) invalidFor(errors, `${path}.runAsUserName`, user, userNameErrors(user))
}

/** `DOMAIN\\user` or `user`. */
function userNameErrors(name: string): string[] {
  const parts = name.split('\\')
  if (name === '') return ['runAsUserName cannot be an empty string']
  if (control.test(name)) return ['runAsUserName cannot contain control characters']
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash']
  const user = parts.at(-1)!
  return [...(parts.length === 2 ? domainErrors(parts[0]!) : []), ...userErrors(user)]
}

function domainErrors(domain: string): string[] {
  const reasons: string[] = []
  if (domain.length >= domainLengthMax)
    reasons.push(`runAsUserName's Domain length must be under ${domainLengthMax} characters`)
  if (!netBios.test(domain) && !dnsDomain.test(domain))
    reasons.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
  return reasons
}

function userErrors(user: string): string[] {
  const reasons: string[] = []
  if (user === '') reasons.push("runAsUserName's User cannot be empty")
  else if (user.length > userLengthMax)
    reasons.push(`runAsUserName's User length must not be longer than ${userLengthMax} characters`)
  if (/^[. ]+$/.test(user)) reasons.push("runAsUserName's User cannot contain only periods or spaces")
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    const characters = '"/\\:;|=,+*?<>@[]'
    reasons.push(`runAsUserName's User cannot contain the following characters: ${characters}`)
  }
  return reasons
}

/** Containers that are processes of their host: all of a pod, or none (validateWindowsHostProcessPod). */
export function validateHostProcess(spec: PodSpec, path: string, errors: FieldErrors): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess
  const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const
  const all = lists.flatMap(list =>
    ((spec[list] ?? []) as readonly Container[]).map((container, i) => ({
      own: container.securityContext?.windowsOptions?.hostProcess,
      at: `${path}.${list}[${i}]`,
    })),
  )
  for (const { own, at } of all) {
    if (ofPod === undefined || own === undefined || own === ofPod) continue
    const detail = `pod hostProcess value must be identical if both are specified, was ${ofPod}`
    errors.invalid(`${at}.securityContext.windowsOptions.hostProcess`, own, detail)
  }
  const count = all.filter(({ own }) => own ?? ofPod ?? false).length
  if (count === 0) return
  if (count !== all.length)
    errors.invalid(
      path,
      '',
      'If pod contains any hostProcess containers then all containers must be HostProcess containers',
    )
  if (!spec.hostNetwork)
    errors.invalid(
      `${path}.hostNetwork`,
      false,
      'hostNetwork must be true if pod contains any hostProcess containers',
    )
}

import { type Abac, createAbac } from '../../server/authz/abac.ts'
import { readPolicies } from '../../server/authz/abac-policy.ts'
import { readAuthorizationConfiguration } from '../../server/authz/configuration.ts'
import { type AuthorizerList, createAuthorizationOrder } from '../../server/authz/configured.ts'
import type { Dial } from '../../server/egress/dial.ts'
import type { Ports } from '../../std/ports.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import { openConfiguredFile, readConfigured } from './configured-file.ts'
import { connectReviews } from './remote-reviews.ts'

/** Where the order of authorizers comes from: a file or flags. */
export interface AuthorizationSource {
  readonly path: string | undefined
  readonly modes: readonly string[]
  /** Of the mode ABAC. */
  readonly policyFile: string | undefined
  readonly webhook: WebhookFlags
}

interface WebhookFlags {
  readonly configFile: string | undefined
  readonly version: string
  readonly authorizedTTL: string
  readonly unauthorizedTTL: string
}

/** Reads the flags; the file beside other authorization flags is refused, as upstream does. */
export function authorizationSource(flags: FlagReader): AuthorizationSource {
  const path = flags.optional('authorization-config')
  const modes = flags.list('authorization-mode').flatMap(text => text.split(','))
  const configFile = flags.optional('authorization-webhook-config-file')
  if (path && (modes.length > 0 || configFile))
    throw new UserError(
      '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined',
    )
  const policyFile = flags.optional('authorization-policy-file')
  if (!path && modes.includes('ABAC') !== (policyFile !== undefined))
    throw new UserError('--authorization-policy-file and the mode ABAC of --authorization-mode go together')
  if (modes.includes('Webhook') !== (configFile !== undefined))
    throw new UserError(
      '--authorization-webhook-config-file and the mode Webhook of --authorization-mode go together',
    )
  return {
    path,
    policyFile,
    modes: modes.length > 0 ? modes : ['Node', 'RBAC'],
    webhook: {
      configFile,
      version: flags.text('authorization-webhook-version'),
      authorizedTTL: flags.text('authorization-webhook-cache-authorized-ttl'),
      unauthorizedTTL: flags.text('authorization-webhook-cache-unauthorized-ttl'),
    },
  }
}

/** The authorizers in the order that is configured, webhooks asked over `dial`; a file is read again when it changes. */
export async function openAuthorization(
  { path, modes, policyFile, webhook }: AuthorizationSource,
  { ports, dial }: { readonly ports: Ports; readonly dial: Dial | undefined },
  signal: AbortSignal,
): Promise<() => AuthorizerList> {
  const flag = path ? 'authorization-config' : 'authorization-webhook-config-file'
  const order = createAuthorizationOrder({
    ...ports,
    connect: file => connectReviews(file, flag, dial),
    abac: policyFile === undefined ? undefined : openPolicies(policyFile),
  })
  if (path) {
    const apply = (text: string) => order.configure(readAuthorizationConfiguration(text))
    const told = { subsystem: 'authorization', stability: 'BETA' } as const
    await openConfiguredFile({ path, flag: 'authorization-config', apply, told }, ports, signal)
    return order.list
  }
  const { configFile: kubeConfigFile = '', version, ...ttl } = webhook
  const connectionInfo = { type: 'KubeConfigFile', kubeConfigFile }
  const asked = { ...ttl, subjectAccessReviewVersion: version, failurePolicy: 'NoOpinion', connectionInfo }
  try {
    order.configure({
      authorizers: modes.map(type => ({
        ...{ type, name: type.toLowerCase() },
        ...(type === 'Webhook' && { webhook: { ...asked, timeout: '30s' } }),
      })),
    })
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`--authorization-mode: ${(error as Error).message}`)
  }
  return order.list
}

/** Read once, as upstream. */
function openPolicies(path: string): Abac {
  const flag = 'authorization-policy-file'
  try {
    return createAbac(readPolicies(path, readConfigured(path, flag)))
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`--${flag}: ${(error as Error).message}`)
  }
}

import { hostname } from 'node:os'
import type { TokenAuthenticator } from '../../server/authn/authenticator.ts'
import type { TokenSettings } from '../../server/authn/authn.ts'
import { allAlgorithms } from '../../server/authn/jwt/authenticator.ts'
import {
  type AuthenticationConfiguration,
  readAuthenticationConfiguration,
} from '../../server/authn/jwt/configuration.ts'
import type { FetchDocument } from '../../server/authn/jwt/issuer-keys.ts'
import { oidcAuthenticator } from '../../server/authn/jwt/oidc-flags.ts'
import {
  createOutsideAuthentication,
  type OutsideAuthentication,
} from '../../server/authn/jwt/outside-tokens.ts'
import type { Dial, Egress } from '../../server/egress/dial.ts'
import { fetchThrough } from '../../server/egress/fetch-through.ts'
import { identityOf } from '../../server/identity-lease.ts'
import { webhookTokens } from '../../server/remote-review/tokens.ts'
import type { Ports } from '../../std/ports.ts'
import { durationMs } from '../flag-makers.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import { openConfiguredFile, readConfigured } from './configured-file.ts'
import { connectReviews } from './remote-reviews.ts'

/** Where outside authentication comes from: a file, flags or nothing. */
export interface AuthenticationSource {
  readonly path: string | undefined
  /** Holds tokens itself. */
  readonly tokenFile: string | undefined
  readonly fromFlags: AuthenticationConfiguration
  readonly algorithms: readonly string[]
  /** Of --anonymous-auth; undefined: nobody said. */
  readonly anonymous: boolean | undefined
  readonly webhook: {
    readonly configFile: string | undefined
    readonly version: 'v1' | 'v1beta1'
    readonly ttlMs: number
  }
}

const fetchTimeoutMs = 30_000
const webhookTimeoutMs = 30_000

/** Reads the flags; both ways at once are refused, as upstream does. */
export function authenticationSource(flags: FlagReader): AuthenticationSource {
  const path = flags.optional('authentication-config')
  const issuerUrl = flags.optional('oidc-issuer-url')
  const clientId = flags.optional('oidc-client-id')
  if (path && (issuerUrl || clientId))
    throw new UserError('--authentication-config and --oidc-* flags are mutually exclusive')
  if ((issuerUrl === undefined) !== (clientId === undefined))
    throw new UserError('--oidc-issuer-url and --oidc-client-id must be specified together')
  const webhook = {
    configFile: flags.optional('authentication-token-webhook-config-file'),
    version: flags.text('authentication-token-webhook-version') === 'v1' ? 'v1' : 'v1beta1',
    ttlMs: durationMs(flags.text('authentication-token-webhook-cache-ttl')),
  } as const
  const said = flags.optional('anonymous-auth')
  const anonymous = said === undefined ? undefined : said === 'true'
  const others = anonymous === undefined ? {} : { anonymous: { enabled: anonymous } }
  const common = { path, tokenFile: flags.optional('token-auth-file'), anonymous, webhook }
  if (issuerUrl === undefined || clientId === undefined)
    return { ...common, fromFlags: others, algorithms: allAlgorithms }
  const caFile = flags.optional('oidc-ca-file')
  const authenticator = oidcAuthenticator({
    issuerUrl,
    clientId,
    usernameClaim: flags.text('oidc-username-claim'),
    usernamePrefix: flags.optional('oidc-username-prefix'),
    groupsClaim: flags.optional('oidc-groups-claim'),
    groupsPrefix: flags.optional('oidc-groups-prefix'),
    requiredClaims: flags.list('oidc-required-claim'),
    authority: caFile === undefined ? undefined : readConfigured(caFile, 'oidc-ca-file'),
  })
  const algorithms = flags.list('oidc-signing-algs')
  return { ...common, fromFlags: { ...others, jwt: [authenticator] }, algorithms }
}

/** What outside authentication stands on; `egress` is undefined where no proxies are configured. */
export interface AuthenticationBase {
  readonly own: Pick<TokenSettings, 'issuers' | 'audiences'>
  readonly egress: Egress | undefined
  readonly ports: Ports
}

/** Outside authentication as configured; the file is read again when it changes, and a bad one changes nothing. */
export async function openOutsideAuthentication(
  source: AuthenticationSource,
  { own, egress, ports }: AuthenticationBase,
  signal: AbortSignal,
): Promise<OutsideAuthentication> {
  const { path, fromFlags, algorithms } = source
  const outside = createOutsideAuthentication({
    ...{ ownIssuers: own.issuers, audiences: own.audiences, serverId: identityOf(hostname()), ports },
    fetchDocument: fetchOver(undefined),
    fetchIn: egress && {
      ...(egress.controlplane && { controlplane: fetchOver(egress.controlplane) }),
      ...(egress.cluster && { cluster: fetchOver(egress.cluster) }),
    },
    further: webhookOf(source, { own, egress, ports }),
  })
  if (path !== undefined) {
    const apply = (text: string) => {
      const read = readAuthenticationConfiguration(text)
      if (read.anonymous && source.anonymous !== undefined)
        throw new Error(
          'anonymous: Forbidden: --anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
        )
      outside.configure({ ...fromFlags, ...read }, algorithms)
    }
    const told = { subsystem: 'authentication', stability: 'BETA' } as const
    await openConfiguredFile({ path, flag: 'authentication-config', apply, told }, ports, signal)
    return outside
  }
  try {
    outside.configure(fromFlags, algorithms)
  } catch (error) {
    throw new UserError(`--oidc-*: ${(error as Error).message}`)
  }
  return outside
}

function webhookOf(
  { webhook }: AuthenticationSource,
  { own: { audiences: implicitAudiences }, egress, ports }: AuthenticationBase,
): readonly TokenAuthenticator[] {
  if (webhook.configFile === undefined) return []
  const flag = 'authentication-token-webhook-config-file'
  const post = connectReviews(webhook.configFile, flag, egress?.controlplane)
  const { version, ttlMs } = webhook
  return [webhookTokens({ ...ports, post, version, ttlMs, implicitAudiences, timeoutMs: webhookTimeoutMs })]
}

function fetchOver(dial: Dial | undefined): FetchDocument {
  const fetch = fetchThrough(dial)
  return (url, { ca, signal, bearer }) => {
    const timeout = AbortSignal.timeout(fetchTimeoutMs)
    return fetch(url, {
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(ca !== undefined && { tls: { ca } }),
      ...(bearer !== undefined && { headers: { authorization: `Bearer ${bearer}` } }),
    })
  }
}

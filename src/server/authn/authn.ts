import type { Metrics } from '../../std/metrics.ts'
import type { Clock, Random } from '../../std/ports.ts'
import type { Pki } from '../pki/pki.ts'
import { type Authentication, createAuthentication, type TokenAuthenticator } from './authenticator.ts'
import { bootstrapTokens } from './bootstrap-token.ts'
import { certificateAuthenticator, certificateExpiry } from './certificate.ts'
import { frontProxyUsers, type RequestHeaders } from './front-proxy.ts'
import { serviceAccountTokens, type TokenObjects } from './service-account.ts'
import { type KeyDocuments, keyDocuments, staticKeys, type TokenKeys } from './token-key.ts'
import { createTokenIssuer, type TokenIssuer, type TokenLife, usualLife } from './token-request.ts'
import { createTokenUses, type MarkUsed } from './token-uses.ts'

export interface AuthenticationServices extends Authentication {
  readonly tokens: TokenIssuer
  /** What those read who verify service account tokens elsewhere; undefined when the issuer is no place for it. */
  readonly documents: (() => KeyDocuments) | undefined
  /** For how long they may keep it. */
  documentSeconds(): number
}

/** How tokens of service accounts are signed and whose count (kube-apiserver's flags `--service-account-*`). */
export interface TokenSettings {
  /** The first is that of new tokens. */
  readonly issuers: readonly string[]
  /** What a token without audiences is good for: the API server itself. */
  readonly audiences: readonly string[]
  readonly keys: TokenKeys
  readonly life: TokenLife
  /** Where the key set is told to be; default: at this server. */
  readonly keySetUri?: string | undefined
}

export interface AuthenticationSetup {
  /** Asked at each certificate, so that a renewed authority needs no restart. */
  readonly pki: () => Pick<Pki, 'authorities' | 'serviceAccountKey'>
  /** `https://kubernetes.default.svc.cluster.local`, unless the settings name issuers. */
  readonly issuer: string
  readonly serviceAccounts?: Partial<TokenSettings>
  /** `https://192.0.2.7:6443`: where relying parties fetch the key set. */
  readonly externalUrl: string
  /** Tokens that a file of this machine holds, asked first. */
  readonly fileTokens?: TokenAuthenticator | undefined
  /** Tokens of outside issuers, asked last. */
  readonly outsideTokens?: TokenAuthenticator
  /** Default: the usual. */
  readonly requestHeaders?: RequestHeaders
  readonly objects: TokenObjects
  readonly markUsed?: MarkUsed
  readonly metrics: Metrics
  readonly clock: Pick<Clock, 'nowMs'>
  readonly random: Pick<Random, 'uuid'>
}

/** Everything that the server needs to know who is calling, and to issue service account tokens. */
export function createAuthenticationServices(setup: AuthenticationSetup): AuthenticationServices {
  const { objects, clock, random } = setup
  const { issuers, audiences, keys, life, keySetUri } = settingsOf(setup)
  const [issuer = ''] = issuers
  const uses = createTokenUses(setup)
  const authentication = createAuthentication({
    certificates: certificateAuthenticator(
      () => setup.pki().authorities['client-ca'].certificate,
      clock,
      setup.metrics.histogram(certificateExpiry).with(),
    ),
    frontProxy: frontProxyUsers(
      () => setup.pki().authorities['request-header-ca'].certificate,
      clock,
      setup.requestHeaders,
    ),
    tokens: [
      ...(setup.fileTokens ? [setup.fileTokens] : []),
      bootstrapTokens(objects.secrets, clock, audiences),
      serviceAccountTokens({ issuers, keys, objects, audiences, clock, uses }),
      ...(setup.outsideTokens ? [setup.outsideTokens] : []),
    ],
    audiences,
  })
  const keySetAt = keySetUri ?? `${setup.externalUrl}/openid/v1/jwks`
  return {
    ...authentication,
    tokens: createTokenIssuer({ issuer, keys, life, audiences, objects, clock, random }),
    documents: isDiscoverable(issuer) ? keyDocuments(keys, issuer, keySetAt) : undefined,
    documentSeconds: () => keys.cacheSeconds(),
  }
}

function settingsOf({ issuer, pki, serviceAccounts = {} }: AuthenticationSetup): TokenSettings {
  const issuers = serviceAccounts.issuers ?? [issuer]
  const keys = serviceAccounts.keys ?? staticKeys(pki().serviceAccountKey)
  return { audiences: issuers, life: usualLife, ...serviceAccounts, issuers, keys }
}

/** OpenID discovery is for issuers that are plain HTTPS places. */
function isDiscoverable(issuer: string): boolean {
  if (!URL.canParse(issuer)) return false
  const { protocol, search, hash } = new URL(issuer)
  return protocol === 'https:' && search === '' && hash === ''
}

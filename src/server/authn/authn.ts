import type { Clock, Random } from '../../std/ports.ts'
import type { Pki } from '../pki/pki.ts'
import { type Authentication, createAuthentication, type TokenAuthenticator } from './authenticator.ts'
import { bootstrapTokens } from './bootstrap-token.ts'
import { certificateAuthenticator } from './certificate.ts'
import { frontProxyUsers } from './front-proxy.ts'
import { serviceAccountTokens, type TokenObjects } from './service-account.ts'
import { jsonWebKeySet, openidConfiguration, signingKey, verificationKey } from './token-key.ts'
import { createTokenIssuer, type TokenIssuer } from './token-request.ts'

export interface AuthenticationServices extends Authentication {
  readonly tokens: TokenIssuer
  /** `/openid/v1/jwks`, application/jwk-set+json. */
  readonly jwks: string
  /** `/.well-known/openid-configuration`, application/json. */
  readonly openidConfiguration: string
}

export interface AuthenticationSetup {
  /** Asked at each certificate, so that a renewed authority needs no restart. */
  readonly pki: () => Pick<Pki, 'authorities' | 'serviceAccountKey'>
  /** Public keys (PEM) of earlier signing keys whose tokens are still good. */
  readonly retiredTokenKeys?: readonly string[]
  /** `https://kubernetes.default.svc.cluster.local` */
  readonly issuer: string
  /** `https://192.0.2.7:6443`: where relying parties fetch the key set. */
  readonly externalUrl: string
  /** Tokens of outside issuers, asked last. */
  readonly outsideTokens?: TokenAuthenticator
  readonly objects: TokenObjects
  readonly clock: Pick<Clock, 'nowMs'>
  readonly random: Pick<Random, 'uuid'>
}

/** Everything that the server needs to know who is calling, and to issue service account tokens. */
export function createAuthenticationServices(setup: AuthenticationSetup): AuthenticationServices {
  const { issuer, objects, clock, random } = setup
  const audiences = [issuer]
  const key = signingKey(setup.pki().serviceAccountKey)
  const keys = [key, ...(setup.retiredTokenKeys ?? []).map(verificationKey)]
  const authentication = createAuthentication({
    certificates: certificateAuthenticator(() => setup.pki().authorities['client-ca'].certificate, clock),
    frontProxy: frontProxyUsers(() => setup.pki().authorities['request-header-ca'].certificate, clock),
    tokens: [
      bootstrapTokens(objects.secrets, clock, audiences),
      serviceAccountTokens({ issuer, keys, objects, audiences, clock }),
      ...(setup.outsideTokens ? [setup.outsideTokens] : []),
    ],
    audiences,
  })
  return {
    ...authentication,
    tokens: createTokenIssuer({ issuer, key, audiences, objects, clock, random }),
    jwks: jsonWebKeySet(keys),
    openidConfiguration: openidConfiguration(issuer, `${setup.externalUrl}/openid/v1/jwks`),
  }
}

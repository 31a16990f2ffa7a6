import type { JwtAuthenticator } from './configuration.ts'

/** What the flags `--oidc-*` say. */
export interface OidcFlags {
  readonly issuerUrl: string
  readonly clientId: string
  readonly usernameClaim: string
  readonly usernamePrefix: string | undefined
  readonly groupsClaim: string | undefined
  readonly groupsPrefix: string | undefined
  readonly requiredClaims: readonly string[]
  /** PEM. */
  readonly authority: string | undefined
}

/** The authenticator that the flags stand for (kube-apiserver pkg/kubeapiserver/options/authentication.go). */
export function oidcAuthenticator(flags: OidcFlags): JwtAuthenticator {
  const { issuerUrl, clientId, usernameClaim, groupsClaim, groupsPrefix, requiredClaims, authority } = flags
  return {
    issuer: {
      url: issuerUrl,
      audiences: [clientId],
      ...(authority !== undefined && { certificateAuthority: authority }),
    },
    claimMappings: {
      username: { claim: usernameClaim, prefix: usernamePrefix(flags) },
      ...(groupsClaim && { groups: { claim: groupsClaim, prefix: groupsPrefix ?? '' } }),
    },
    claimValidationRules: requiredClaims.map(text => {
      const [claim = '', ...value] = text.split('=')
      return { claim, requiredValue: value.join('=') }
    }),
  }
}

/** Without a prefix every name but an e-mail address gets the issuer's; `-` means none. */
function usernamePrefix({ usernamePrefix: prefix, usernameClaim, issuerUrl }: OidcFlags): string {
  if (prefix === '-') return ''
  return prefix ?? (usernameClaim === 'email' ? '' : `${issuerUrl}#`)
}

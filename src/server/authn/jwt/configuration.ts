import { type DocumentKind, readDocument } from '../../../machinery/config/document.ts'

/** apiserver.config.k8s.io/v1 AuthenticationConfiguration. */
export interface AuthenticationConfiguration {
  readonly jwt?: readonly JwtAuthenticator[]
  readonly anonymous?: AnonymousConfiguration
}

export interface AnonymousConfiguration {
  readonly enabled?: boolean
  /** Paths that the anonymous may ask for; without any, all. */
  readonly conditions?: readonly { readonly path?: string }[]
}

export interface JwtAuthenticator {
  readonly issuer?: Issuer
  readonly claimValidationRules?: readonly ClaimValidationRule[]
  readonly claimMappings?: ClaimMappings
  readonly userValidationRules?: readonly UserValidationRule[]
}

export interface Issuer {
  readonly url?: string
  readonly discoveryURL?: string
  /** PEM; absent: the system's authorities are trusted. */
  readonly certificateAuthority?: string
  readonly audiences?: readonly string[]
  readonly audienceMatchPolicy?: string
  readonly egressSelectorType?: string
}

export interface ClaimValidationRule {
  readonly claim?: string
  readonly requiredValue?: string
  readonly expression?: string
  readonly message?: string
}

export interface UserValidationRule {
  readonly expression?: string
  readonly message?: string
}

export interface ClaimOrExpression {
  readonly claim?: string
  readonly expression?: string
}

export interface PrefixedClaimOrExpression extends ClaimOrExpression {
  readonly prefix?: string
}

export interface ClaimMappings {
  readonly username?: PrefixedClaimOrExpression
  readonly groups?: PrefixedClaimOrExpression
  readonly uid?: ClaimOrExpression
  readonly extra?: readonly { readonly key?: string; readonly valueExpression?: string }[]
}

const rule = { expression: 'string', message: 'string' } as const
const choice = { claim: 'string', expression: 'string' } as const

const documentKind: DocumentKind = {
  kind: 'AuthenticationConfiguration',
  apiVersions: ['v1', 'v1beta1', 'v1alpha1'].map(version => `apiserver.config.k8s.io/${version}`),
  fields: {
    jwt: [
      {
        fields: {
          issuer: {
            fields: {
              url: 'string',
              discoveryURL: 'string',
              certificateAuthority: 'string',
              audiences: ['string'],
              audienceMatchPolicy: 'string',
              egressSelectorType: 'string',
            },
          },
          claimValidationRules: [{ fields: { ...rule, claim: 'string', requiredValue: 'string' } }],
          claimMappings: {
            fields: {
              username: { fields: { ...choice, prefix: 'string' } },
              groups: { fields: { ...choice, prefix: 'string' } },
              uid: { fields: choice },
              extra: [{ fields: { key: 'string', valueExpression: 'string' } }],
            },
          },
          userValidationRules: [{ fields: rule }],
        },
      },
    ],
    anonymous: { fields: { enabled: 'boolean', conditions: [{ fields: { path: 'string' } }] } },
  },
}

/** Reads the file of `--authentication-config`. Throws `DocumentError`; the values are checked by `validateAuthentication`. */
export function readAuthenticationConfiguration(text: string): AuthenticationConfiguration {
  return readDocument(text, documentKind)
}

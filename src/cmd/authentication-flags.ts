import { allAlgorithms } from '../server/authn/jwt/authenticator.ts'
import { authorizerTypes } from '../server/authz/configuration.ts'
import { duration, text } from './flag-makers.ts'
import type { Flag } from './flags.ts'

const algorithm = (value: string) => {
  const wrong = value.split(',').find(name => !allAlgorithms.includes(name))
  if (wrong !== undefined) throw new Error(`"${wrong}" is not one of ${allAlgorithms.join(', ')}`)
}

const reviewVersion = (value: string) => {
  if (value !== 'v1' && value !== 'v1beta1') throw new Error(`"${value}" is not v1 or v1beta1`)
}

const mode = (value: string) => {
  const wrong = value.split(',').find(name => !authorizerTypes.includes(name))
  if (wrong === 'AlwaysAllow')
    throw new Error(
      '"AlwaysAllow" is not available: whoever reaches the server could do everything; use RBAC',
    )
  if (wrong !== undefined) throw new Error(`"${wrong}" is not available; use ${authorizerTypes.join(', ')}`)
}

/** Whose tokens count beside the cluster's own: names and meanings are kube-apiserver's. */
export const authenticationFlags: readonly Flag[] = [
  text(
    'authentication-config',
    'FILE',
    'AuthenticationConfiguration of outside token issuers; read again when it changes',
  ),
  text(
    'client-ca-file',
    'FILE',
    "authorities whose client certificates name users too, beside the cluster's own; read again when it changes",
  ),
  {
    name: 'anonymous-auth',
    type: 'boolean',
    help: 'whether requests without a credential are let in at all (default: true; RBAC decides what they get)',
  },
  text(
    'token-auth-file',
    'FILE',
    'tokens, each a line TOKEN,USER,UID,"GROUP,…" of CSV; read at the start alone',
  ),
  text('oidc-issuer-url', 'URL', 'accept tokens of this OpenID Connect issuer'),
  text('oidc-client-id', 'ID', 'audience that its tokens must have'),
  text('oidc-ca-file', 'FILE', "authority of the issuer's certificate (default: the system's)"),
  { ...text('oidc-username-claim', 'CLAIM', 'claim that names the user'), default: 'sub' },
  text('oidc-username-prefix', 'PREFIX', 'put before names (default: the issuer and "#"; "-": nothing)'),
  text('oidc-groups-claim', 'CLAIM', "claim that lists the user's groups"),
  text('oidc-groups-prefix', 'PREFIX', 'put before groups'),
  {
    name: 'oidc-required-claim',
    type: 'list',
    placeholder: 'KEY=VALUE',
    help: 'claim that a token must have; repeatable',
    check: value => {
      if (!value.includes('=')) throw new Error(`"${value}" is not KEY=VALUE`)
    },
  },
  {
    name: 'oidc-signing-algs',
    type: 'list',
    placeholder: 'ALG',
    default: ['RS256'],
    help: `signatures that are accepted, of ${allAlgorithms.join(', ')}; repeatable`,
    check: algorithm,
  },
  text(
    'authentication-token-webhook-config-file',
    'FILE',
    'kubeconfig of a service that knows further tokens',
  ),
  {
    ...text('authentication-token-webhook-version', 'VERSION', 'v1 or v1beta1 of its TokenReview'),
    ...{ default: 'v1beta1', check: reviewVersion },
  },
  {
    ...text('authentication-token-webhook-cache-ttl', 'DURATION', 'for how long its answers are kept'),
    ...{ default: '2m0s', check: duration },
  },
]

const httpsUrl = (value: string) => {
  if (!URL.canParse(value) || new URL(value).protocol !== 'https:')
    throw new Error(`"${value}" is not an https URL`)
}

/** A list whose entries may hold commas, as Go's string arrays. */
const entries = (name: string, placeholder: string, help: string): Flag => ({
  ...{ name, type: 'list', keepsCommas: true, placeholder, help },
})

/** How tokens of service accounts are made and verified: names and meanings are kube-apiserver's. */
export const serviceAccountFlags: readonly Flag[] = [
  entries(
    'service-account-issuer',
    'URL',
    'who service account tokens say they are from; further ones only count (default: https://kubernetes.default.svc.CLUSTER-DOMAIN); repeatable',
  ),
  text(
    'service-account-signing-key-file',
    'FILE',
    'private key that signs them, RSA or ECDSA (default: one of --data-dir)',
  ),
  entries(
    'service-account-key-file',
    'FILE',
    'further keys, private or public, that tokens are verified with; repeatable',
  ),
  text(
    'service-account-signing-endpoint',
    'PATH',
    'socket of a program that signs them and knows the keys (k8s.io/externaljwt v1)',
  ),
  {
    ...text('service-account-jwks-uri', 'URL', 'where the keys are said to be (default: this server)'),
    check: httpsUrl,
  },
  {
    ...text('service-account-max-token-expiration', 'DURATION', 'how long they live at most; 0s is any time'),
    ...{ default: '0s', check: duration },
  },
  {
    name: 'service-account-extend-token-expiration',
    type: 'boolean',
    default: true,
    help: 'give pods tokens that live a year, and tell who uses them beyond their hour',
  },
  {
    ...{ name: 'api-audiences', type: 'list', placeholder: 'NAME' },
    help: 'audiences of tokens that are for this server (default: --service-account-issuer); repeatable',
  },
]

/** Who is asked what a user may do: names and meanings are kube-apiserver's. */
export const authorizationFlags: readonly Flag[] = [
  text(
    'authorization-config',
    'FILE',
    'AuthorizationConfiguration: authorizers in order; read again when it changes',
  ),
  {
    name: 'authorization-mode',
    type: 'list',
    placeholder: 'MODE',
    help: 'Node, RBAC, ABAC, Webhook and AlwaysDeny in the order in which they are asked (default: Node,RBAC); repeatable',
    check: mode,
  },
  text(
    'authorization-policy-file',
    'FILE',
    'policies of the mode ABAC, a JSON object in each line (abac.authorization.kubernetes.io/v1beta1); read at the start alone',
  ),
  text(
    'authorization-webhook-config-file',
    'FILE',
    'kubeconfig of a service that answers SubjectAccessReviews',
  ),
  {
    ...text('authorization-webhook-version', 'VERSION', 'v1 or v1beta1 of its SubjectAccessReview'),
    ...{ default: 'v1beta1', check: reviewVersion },
  },
  {
    ...text('authorization-webhook-cache-authorized-ttl', 'DURATION', 'for how long a yes is kept'),
    ...{ default: '5m0s', check: duration },
  },
  {
    ...text('authorization-webhook-cache-unauthorized-ttl', 'DURATION', 'for how long a no is kept'),
    ...{ default: '30s', check: duration },
  },
]

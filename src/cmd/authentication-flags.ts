import { allAlgorithms } from '../server/authn/jwt/authenticator.ts'
import type { Flag } from './flags.ts'

const text = (name: string, placeholder: string, help: string): Flag => ({
  ...{ name, type: 'string', placeholder, help },
})

const algorithm = (value: string) => {
  const wrong = value.split(',').find(name => !allAlgorithms.includes(name))
  if (wrong !== undefined) throw new Error(`"${wrong}" is not one of ${allAlgorithms.join(', ')}`)
}

/** Whose tokens count beside the cluster's own: names and meanings are kube-apiserver's. */
export const authenticationFlags: readonly Flag[] = [
  text(
    'authentication-config',
    'FILE',
    'AuthenticationConfiguration of outside token issuers; read again when it changes',
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
]

import { get, json, jsonHeaders, type OracleCase, send } from './case.ts'

const secrets = '/api/v1/namespaces/kube-system/secrets'
const type = 'bootstrap.kubernetes.io/token'
const secret = '0123456789abcdef'
const usable = { 'usage-bootstrap-authentication': 'true' }

interface Token {
  readonly type?: string
  readonly name?: string
  readonly data?: Readonly<Record<string, string>>
}

/** By id; the last one counts on both sides before any is tried. */
const tokens: Readonly<Record<string, Token>> = {
  aaaaaa: {},
  bbbbbb: { data: { 'usage-bootstrap-authentication': 'false' } },
  cccccc: {
    data: {
      ...usable,
      'auth-extra-groups': 'system:bootstrappers:x,system:bootstrappers:kubeadm:default-node-token',
    },
  },
  dddddd: { data: { ...usable, 'auth-extra-groups': 'system:masters' } },
  eeeeee: { data: { ...usable, expiration: 'garbage' } },
  gggggg: { type: 'Opaque', data: usable },
  hhhhhh: { data: { ...usable, 'token-id': 'iiiiii' } },
  jjjjjj: { data: { ...usable, expiration: '2020-01-01T00:00:00Z' } },
  kkkkkk: { name: 'other-kkkkkk', data: usable },
  llllll: { data: { ...usable, 'token-secret': '' } },
  mmmmmm: { data: { ...usable, 'token-secret': 'short' } },
  nnnnnn: { data: { ...usable, expiration: '2099-01-01T00:00:00Z', description: 'fine' } },
  abcdef: { data: { ...usable, 'usage-bootstrap-signing': 'true' } },
}

const makers = Object.entries(tokens).map(([id, token]) =>
  send('POST', `bootstrap token: make ${id}`, secrets, {
    metadata: { name: token.name ?? `bootstrap-token-${id}` },
    type: token.type ?? type,
    stringData: { 'token-id': id, 'token-secret': secret, ...token.data },
  }),
)

const bearer = (token: string) => ({ 'x-oracle-anonymous': '1', authorization: `Bearer ${token}` })
const whoami = (title: string, token: string): OracleCase => ({
  name: `bootstrap token: ${title}`,
  method: 'POST',
  path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
  headers: { ...jsonHeaders, ...bearer(token) },
  body: json({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }),
})
const read = (title: string, path: string): OracleCase => ({
  ...get(`bootstrap token: ${title}`, path),
  headers: bearer(`nnnnnn.${secret}`),
})

/** Secrets that say who may join, and who somebody is with one. */
export const bootstrapTokenCases: readonly OracleCase[] = [
  ...makers,
  { ...whoami('wait for the last', `abcdef.${secret}`), until: 201 },
  ...Object.keys(tokens).map(id => whoami(`as ${id}`, `${id}.${secret}`)),
  whoami('with another secret', 'abcdef.0123456789abcdee'),
  whoami('with an unknown id', `abcdee.${secret}`),
  whoami('in capitals', `ABCDEF.${secret}`),
  whoami('by the id in the data', `iiiiii.${secret}`),
  whoami('with no secret', 'llllll.'),
  whoami('with a short secret', 'mmmmmm.short'),
  read('nodes', '/api/v1/nodes'),
  read('what is told in public', '/api/v1/namespaces/kube-public/configmaps/cluster-info'),
  read('discovery', '/api'),
  {
    name: 'bootstrap token: told by a review',
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    headers: jsonHeaders,
    body: json({ spec: { token: `nnnnnn.${secret}` } }),
  },
  ...Object.entries(tokens).map(
    ([id, { name }]): OracleCase => ({
      name: `bootstrap token: remove ${id}`,
      method: 'DELETE',
      path: `${secrets}/${name ?? `bootstrap-token-${id}`}`,
    }),
  ),
  { ...whoami('that is gone', `abcdef.${secret}`), until: 401 },
]

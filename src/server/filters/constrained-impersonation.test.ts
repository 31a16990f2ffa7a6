import { describe, expect, test } from 'bun:test'
import type { RequestInfo, UserInfo } from '../context.ts'
import { startTestServer } from '../testing.ts'

const account = 'system:serviceaccount:tools:agent'

/** Who one is taken for, what was asked, and what came back, with `allowed` as the caller's rights. */
async function actAs(headers: Record<string, string>, ...more: [allowed: Allowed, user?: Partial<UserInfo>]) {
  const [answer] = await actInTurn([headers], ...more)
  return answer!
}

type Allowed = (info: RequestInfo, user: UserInfo) => boolean

/** The same for one request after the other. */
async function actInTurn(
  all: readonly Record<string, string>[],
  allowed: Allowed,
  user: Partial<UserInfo> = {},
) {
  const asked: string[] = []
  const server = await startTestServer({
    constrainsImpersonation: true,
    authenticator: () => ({ username: 'ann', groups: [], ...user }),
    authorizer: ({ info, user: asking }) => {
      const resource = [info.resource, info.subresource].filter(Boolean).join('/')
      if (info.verb.startsWith('impersonate')) asked.push(`${info.verb} ${resource} ${info.name}`)
      const may = !info.verb.startsWith('impersonate') || allowed(info, asking)
      return { decision: may ? 'allow' : 'noOpinion', reason: '' }
    },
  })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const answers = []
  for (const headers of all) {
    asked.length = 0
    const path = `http://127.0.0.1:${port}/apis/authentication.k8s.io/v1/selfsubjectreviews`
    const response = await fetch(path, {
      method: 'POST',
      headers: { authorization: 'Bearer x', 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' }),
    })
    const body = (await response.json()) as { message?: string; status?: { userInfo?: object } }
    answers.push({
      ...{ code: response.status, message: body.message, user: body.status?.userInfo },
      asked: [...asked],
    })
  }
  await server.shutdown()
  return answers
}

const only =
  (...verbs: string[]) =>
  ({ verb }: RequestInfo) =>
    verbs.some(prefix => verb.startsWith(prefix))

describe('constrained impersonation', () => {
  test('needs the user and the request', async () => {
    const constrained = only('impersonate:', 'impersonate-on:')
    const answer = await actAs({ 'impersonate-user': 'bob', 'impersonate-group': 'dev' }, constrained)
    expect(answer.user).toEqual({ username: 'bob', groups: ['dev', 'system:authenticated'] })
    expect(answer.asked).toEqual([
      'impersonate-on:user-info:create selfsubjectreviews ',
      'impersonate:user-info users bob',
      'impersonate:user-info groups dev',
    ])
    const half = await actAs({ 'impersonate-user': 'bob' }, only('impersonate:'))
    expect(half).toMatchObject({
      code: 403,
      message:
        'selfsubjectreviews.authentication.k8s.io is forbidden: User "ann" cannot impersonate-on:user-info:create resource "selfsubjectreviews" in API group "authentication.k8s.io" at the cluster scope',
    })
  }, 120_000)

  test('the right for all requests still does', async () => {
    const answer = await actAs({ 'impersonate-user': 'bob' }, ({ verb }) => verb === 'impersonate')
    expect(answer.user).toEqual({ username: 'bob', groups: ['system:authenticated'] })
    expect(answer.asked.at(-1)).toBe('impersonate users bob')
  }, 120_000)

  test('the way that one was last allowed by comes first, and says what is refused', async () => {
    const users = ['bob', 'eve', 'bob'].map(name => ({ 'impersonate-user': name }))
    const [, refused, again] = await actInTurn(
      users,
      ({ verb, name }) => verb === 'impersonate' && name === 'bob',
    )
    expect(refused?.message).toBe(
      'users "eve" is forbidden: User "ann" cannot impersonate resource "users" in API group "" at the cluster scope',
    )
    expect(again?.asked).toEqual(['impersonate users bob'])
  }, 120_000)

  test('service accounts and nodes have the groups of their names and ways of their own', async () => {
    const accounts = await actAs({ 'impersonate-user': account }, only('impersonate'))
    expect(accounts.asked).toEqual([
      'impersonate-on:serviceaccount:create selfsubjectreviews ',
      'impersonate:serviceaccount serviceaccounts agent',
    ])
    expect(accounts.user).toMatchObject({
      groups: ['system:serviceaccounts', 'system:serviceaccounts:tools', 'system:authenticated'],
    })
    const nodes = await actAs({ 'impersonate-user': 'system:node:n1' }, only('impersonate'))
    expect(nodes.asked.at(-1)).toBe('impersonate:arbitrary-node nodes n1')
    expect(nodes.user).toMatchObject({ groups: ['system:nodes', 'system:authenticated'] })
  }, 120_000)

  test('a service account acts as the node that it runs on, under one right for all nodes', async () => {
    const extra = { 'authentication.kubernetes.io/node-name': ['n1'] }
    const shown: UserInfo[] = []
    const own = (name: string) =>
      actAs(
        { 'impersonate-user': `system:node:${name}` },
        ({ verb }, user) => {
          shown.push(user)
          return verb.includes('associated-node')
        },
        { username: account, extra },
      )
    const answer = await own('n1')
    expect(answer.asked.at(-1)).toBe('impersonate:associated-node nodes *')
    expect(answer.user).toMatchObject({ username: 'system:node:n1' })
    expect(shown.at(-1)?.extra).toEqual({
      'authentication.kubernetes.io/associated-node-keys': ['authentication.kubernetes.io/node-name'],
    })
    expect((await own('n2')).code).toBe(403)
  }, 120_000)

  test('nobody becomes a master, and extra keys are paths with a domain', async () => {
    const constrained = only('impersonate:', 'impersonate-on:')
    const masters = { 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' }
    expect((await actAs(masters, constrained)).message).toEndWith(
      'impersonating the system:masters group is not allowed',
    )
    const extra = { 'impersonate-user': 'bob', 'impersonate-extra-scopes': 'a' }
    expect((await actAs(extra, constrained)).message).toContain(
      'impersonating an invalid key in extra is not allowed: extra.key: Invalid value: "scopes": must be a domain-prefixed path',
    )
    expect(await actAs({ 'impersonate-group': 'g' }, constrained)).toMatchObject({
      code: 400,
      message:
        'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"g"}, Extra:map[string][]string(nil)} without impersonating a user name',
    })
  }, 120_000)
})

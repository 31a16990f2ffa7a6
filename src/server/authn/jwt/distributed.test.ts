import { describe, expect, test } from 'bun:test'
import { authentication, issuer, provider, startMs, token } from './testing.ts'

const groupsAt = `${issuer}/groups`
const elsewhere = (source: object, names: object = { roles: 'src1' }) =>
  token({ sub: 'jane', _claim_names: names, _claim_sources: { src1: source } })
const good = { endpoint: groupsAt, access_token: 'open-sesame' }

/** Asks with a token that points to `/groups`, where `answer` is. */
async function askOf(
  answer: (bearer: string | undefined) => Response,
  text: Promise<string> = elsewhere(good),
) {
  const from = provider({ '/groups': answer })
  return { ...from, verdict: await authentication({}, from).ask(text) }
}

async function reasonOf(answer: string | Response, text?: Promise<string>): Promise<string> {
  const { verdict } = await askOf(() => (typeof answer === 'string' ? new Response(answer) : answer), text)
  return verdict.kind === 'invalid' ? verdict.reason : verdict.kind
}

describe('groups that a token only points to', () => {
  test('are fetched with the access token and verified with the keys of their own issuer', async () => {
    const roles = await token({ roles: ['dev', 'ops'] }, { from: 'https://directory.example.org' })
    const bearers: (string | undefined)[] = []
    const { verdict, asked } = await askOf(bearer => {
      bearers.push(bearer)
      return new Response(`${roles}\n`)
    })
    expect(verdict).toMatchObject({ user: { username: 'oidc:jane', groups: ['r:dev', 'r:ops'] } })
    expect(bearers).toEqual(['open-sesame'])
    expect(asked).toContain('https://directory.example.org/.well-known/openid-configuration')
  })

  test('are kept for ten seconds, and asked for once by requests at the same time', async () => {
    const roles = await token({ roles: 'dev' })
    let times = 0
    const from = provider({
      '/groups': () => {
        times++
        return new Response(roles)
      },
    })
    const { ask, clock } = authentication({}, from)
    const text = await elsewhere({ endpoint: groupsAt })
    await Promise.all([ask(text), ask(text)])
    await ask(text)
    expect(times).toBe(1)
    await clock.advance(10_000)
    expect(await ask(text)).toMatchObject({ user: { groups: ['r:dev'] } })
    expect(times).toBe(2)
  })

  test.each([
    ['it has the claim itself', token({ sub: 'j', roles: ['own'], _claim_names: {} }), ['r:own']],
    ['another claim is elsewhere', elsewhere(good, { seats: 'src1' }), []],
    ['the source is no endpoint (an aggregated claim)', elsewhere({ JWT: 'x.y.z' }), []],
    [
      'it has the claim as null',
      token({ sub: 'j', roles: null, _claim_names: { roles: 'src1' }, _claim_sources: { src1: good } }),
      [],
    ],
    ['it names nothing', token({ sub: 'j', _claim_names: null, _claim_sources: null }), []],
  ])('are not asked for where %s', async (_what, text, groups) => {
    const { verdict, asked } = await askOf(() => new Response('', { status: 500 }), text)
    expect(verdict).toMatchObject({ kind: 'user', user: { groups } })
    expect(asked).not.toContain(groupsAt)
  })

  const expanding = 'oidc: could not expand distributed claims:'
  test.each([
    [
      'an answer of 404',
      new Response('', { status: 404 }),
      'while getting distributed claim "roles": error while getting distributed claim JWT: 404 Not Found',
    ],
    [
      'no token',
      'groups: dev',
      `getting untrusted issuer from endpoint ${groupsAt} failed for claim "roles": malformed token`,
    ],
    [
      'another audience',
      token({ roles: [], aud: 'you' }),
      'verify distributed claim token: oidc: expected audience "cluster" got ["you"]',
    ],
    [
      'an end that has passed',
      token({ roles: [] }, { seconds: -1 }),
      'verify distributed claim token: oidc: token is expired (Token Expiry: 2026-05-31 23:59:59 +0000 UTC)',
    ],
    [
      'a token without the claim',
      token({ groups: [] }),
      `jwt returned by distributed claim endpoint "${groupsAt}" did not contain claim: roles`,
    ],
  ])('with %s are refused with upstream’s reason', async (_what, answer, reason) => {
    expect(await reasonOf(await answer)).toBe(`${expanding} ${reason}`)
  })

  test.each([
    [{ roles: 'src2' }, {}, 'oidc: verify token: oidc: source does not exist'],
    [{ roles: '' }, {}, 'oidc: verify token: oidc: failed to obtain source from claim name'],
    [{}, undefined, `${expanding} oidc: no claim sources`],
    [
      'src1',
      {},
      'oidc: verify token: oidc: failed to unmarshal claims: json: cannot unmarshal string into Go struct field idToken._claim_names of type map[string]string',
    ],
  ])('named as %j of %j are refused', async (names, sources, reason) => {
    const text = token({ sub: 'j', _claim_names: names, _claim_sources: sources })
    expect(await reasonOf('', text)).toBe(reason)
  })
})

test('latencies, key fetches and keys are told by hash, and nothing more of issuers that are gone', async () => {
  const { ask, outside, metrics } = authentication()
  await ask(token({ sub: 'jane' }))
  await ask(token({ sub: 'jane', aud: 'other' }))
  await ask(token({ sub: 'jane' }, { from: 'https://else.example.org' }))
  const text = metrics.text()
  const name = 'apiserver_authentication_jwt_authenticator_'
  for (const result of ['success', 'failure'])
    expect(text).toMatch(
      new RegExp(`${name}latency_seconds_count{jwt_issuer_hash="sha256:[0-9a-f]{64}",result="${result}"} 1`),
    )
  expect(text).toMatch(new RegExp(`${name}jwks_fetch_last_timestamp_seconds{.*} ${startMs / 1000 / 1e9}`))
  expect(text).toMatch(new RegExp(`${name}jwks_fetch_last_key_set_info{.*} 1`))
  outside.configure({}, [])
  expect(metrics.text()).not.toContain('jwks_fetch')
})

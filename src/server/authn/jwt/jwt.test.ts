import { describe, expect, test } from 'bun:test'
import { generateKeyPair } from 'jose'
import { simPorts } from '../../../std/sim-ports.ts'
import type { TokenAuthenticator } from '../authenticator.ts'
import { allAlgorithms } from './authenticator.ts'
import { type JwtAuthenticator, readAuthenticationConfiguration } from './configuration.ts'
import { oidcAuthenticator } from './oidc-flags.ts'
import { createOutsideAuthentication } from './outside-tokens.ts'
import { authentication, issuer, ownIssuer, provider, startMs, token } from './testing.ts'

const strangers = await generateKeyPair('RS256')
const goText = (seconds: number) =>
  `${new Date(startMs + seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`

describe('tokens of an outside issuer', () => {
  test('name a user with prefixes, groups and the token’s id', async () => {
    const { ask } = authentication()
    expect(await ask(token({ sub: 'jane', roles: ['dev', 'ops'], jti: '7' }))).toEqual({
      kind: 'user',
      user: {
        username: 'oidc:jane',
        groups: ['r:dev', 'r:ops'],
        extra: { 'authentication.kubernetes.io/credential-id': ['JTI=7'] },
      },
      audiences: ['x'],
    })
    expect(await ask(token({ sub: 'jane', roles: 'dev' }))).toMatchObject({ user: { groups: ['r:dev'] } })
  })

  test.each([
    [
      'another signature',
      token({ sub: 'a' }, { key: strangers.privateKey }),
      'oidc: verify token: failed to verify signature: failed to verify id token signature',
    ],
    [
      'another audience',
      token({ sub: 'a', aud: 'other' }),
      'oidc: verify token: oidc: expected audience "cluster" got ["other"]',
    ],
    [
      'an end that has just passed',
      token({ sub: 'a' }, { seconds: -1 }),
      `oidc: verify token: oidc: token is expired (Token Expiry: ${goText(-1)})`,
    ],
    [
      'a beginning in more than a minute',
      token({ sub: 'a', nbf: startMs / 1000 + 61 }),
      `oidc: verify token: oidc: current time ${goText(0)} before the nbf (not before) time: ${goText(61)}`,
    ],
    [
      'a number for a name',
      token({ sub: 7 }),
      'oidc: verify token: oidc: failed to unmarshal claims: json: cannot unmarshal number into Go struct field idToken.sub of type string',
    ],
    ['no name', token({}), 'oidc: parse username claims "sub": claim not present'],
    ['groups that are numbers', token({ sub: 'a', roles: [1] }), 'oidc: parse groups claim "roles": '],
  ])('with %s are refused with upstream’s reason', async (_what, text, reason) => {
    const verdict = await authentication().ask(text)
    expect(verdict).toMatchObject({ kind: 'invalid' })
    expect((verdict as { reason: string }).reason).toStartWith(reason)
  })

  test('of issuers that nobody configured are left to others', async () => {
    const { ask } = authentication()
    expect(await ask(token({ sub: 'a' }, { from: 'https://else.example.org' }))).toEqual({ kind: 'unknown' })
    expect(await ask('no-token')).toEqual({ kind: 'unknown' })
  })

  test('are accepted once the issuer answers, and it is not asked more than every ten seconds', async () => {
    const from = provider()
    from.answers.status = 503
    const { ask, clock } = authentication({}, from)
    const text = await token({ sub: 'a' })
    const refused = { kind: 'invalid', reason: 'oidc: authenticator not initialized' }
    expect(await ask(text)).toEqual(refused as never)
    expect(await ask(text)).toEqual(refused as never)
    expect(from.asked).toHaveLength(1)
    from.answers.status = 200
    await clock.advance(10_000)
    expect((await ask(text)).kind).toBe('user')
  })

  test('are refused when discovery names another issuer', async () => {
    const from = provider()
    from.answers.discovery = { issuer: 'https://evil.example.org' }
    expect((await authentication({}, from).ask(token({ sub: 'a' }))).kind).toBe('invalid')
  })

  test('are mapped and checked by expressions over claims and user', async () => {
    const { ask } = authentication({
      claimMappings: {
        username: { expression: "claims.email_verified ? claims.email : 'unverified:' + claims.email" },
        groups: { expression: 'claims.org.teams.filter(t, t != "guest")' },
        uid: { expression: 'string(claims.id)' },
        extra: [{ key: 'example.org/site', valueExpression: "has(claims.site) ? claims.site : ''" }],
      },
      claimValidationRules: [
        { claim: 'hd', requiredValue: 'example.org' },
        { expression: 'claims.exp - claims.iat <= 3600', message: 'tokens live an hour' },
      ],
      userValidationRules: [
        { expression: "!user.username.startsWith('system:')", message: 'reserved prefix' },
      ],
    })
    const claims = { email: 'j@example.org', email_verified: true, id: 7, hd: 'example.org', site: 'north' }
    const org = { teams: ['a', 'guest', ''] }
    expect(await ask(token({ ...claims, org }))).toMatchObject({
      user: {
        ...{ username: 'j@example.org', groups: ['a'], uid: '7' },
        extra: { 'example.org/site': ['north'] },
      },
    })
    const reasonOf = async (change: object, seconds?: number) =>
      ((await ask(token({ ...claims, org, ...change }, { seconds }))) as { reason?: string }).reason
    expect(await reasonOf({ hd: 'x' })).toBe(
      'oidc: required claim hd value does not match. Got = x, want = example.org',
    )
    expect(await reasonOf({}, 7_200)).toBe(
      "oidc: error evaluating claim validation expression: validation expression 'claims.exp - claims.iat <= 3600' failed: tokens live an hour",
    )
    expect(await reasonOf({ email: 'system:admin' })).toBe(
      "oidc: error evaluating user info validation rule: validation expression '!user.username.startsWith('system:')' failed: reserved prefix",
    )
    expect(await reasonOf({ org: 5 })).toStartWith('oidc: error evaluating group claim expression: ')
  })

  test('count for what this server is good for alone, whatever they were made for', async () => {
    const { ask } = authentication()
    const jane = token({ sub: 'jane' })
    expect(await ask(jane, ['y', 'else'])).toMatchObject({ kind: 'user', audiences: ['y'] })
    expect(await ask(jane, ['cluster'])).toEqual({ kind: 'unknown' })
    expect(await ask(jane, ['else'])).toEqual({ kind: 'unknown' })
  })

  test('that are bad here may be good elsewhere, and of what is nobody’s all is told', async () => {
    const further: TokenAuthenticator[] = [
      async () => ({ kind: 'invalid', reason: 'not mine' }),
      async text =>
        text.endsWith('!')
          ? { kind: 'user', user: { username: 'b', groups: [] }, audiences: [] }
          : { kind: 'unknown' },
    ]
    const outside = createOutsideAuthentication({
      ...{ ownIssuers: [], audiences: ['x'], serverId: '', ports: simPorts(1, startMs), further },
      fetchDocument: provider().fetchDocument,
    })
    outside.configure(
      {
        jwt: [
          {
            issuer: { url: issuer, audiences: ['other'] },
            claimMappings: { username: { claim: 'sub', prefix: '' } },
          },
        ],
      },
      allAlgorithms,
    )
    const jane = await token({ sub: 'jane' })
    expect(await outside.tokens(jane, ['x'])).toMatchObject({
      kind: 'invalid',
      reason: expect.stringMatching(/^oidc: verify token: .*, not mine$/),
    })
    expect(await outside.tokens(`${jane}!`, ['x'])).toMatchObject({ kind: 'user', user: { username: 'b' } })
  })

  // What a stock server says of the same tokens.
  test.each([
    [
      { sub: 'a', roles: ['x', 5] },
      'oidc: parse groups claim "roles": json: cannot unmarshal array into Go value of type string',
    ],
    [
      { sub: 'a', roles: 5 },
      'oidc: parse groups claim "roles": json: cannot unmarshal number into Go value of type string',
    ],
  ])('%j is refused in upstream’s words', async (claims, reason) => {
    expect(await authentication().ask(token(claims))).toEqual({ kind: 'invalid', reason })
  })

  test.each([
    ['yes', "oidc: parse 'email_verified' claim: json: cannot unmarshal string into Go value of type bool"],
    [false, 'oidc: email not verified'],
    [null, 'oidc: email not verified'],
  ])('an address that is verified as %j is refused in upstream’s words', async (verified, reason) => {
    const { ask } = authentication({ claimMappings: { username: { claim: 'email', prefix: '' } } })
    const claims = { email: 'a@example.org', email_verified: verified }
    expect(await ask(token(claims))).toEqual({ kind: 'invalid', reason })
  })

  test('an extra value that cannot be had is told without its place, as upstream does', async () => {
    const { ask } = authentication({
      claimMappings: {
        username: { claim: 'sub', prefix: '' },
        extra: [{ key: 'example.org/tenant', valueExpression: 'claims.tenant' }],
      },
    })
    expect(await ask(token({ sub: 'a' }))).toEqual({
      kind: 'invalid',
      reason: "expression 'claims.tenant' resulted in error: no such key: tenant",
    })
  })
})

describe('AuthenticationConfiguration', () => {
  const faults = (jwt: JwtAuthenticator) => {
    const outside = createOutsideAuthentication({
      ...{ ownIssuers: [ownIssuer], audiences: [], serverId: '', ports: simPorts(1, startMs) },
      fetchDocument: provider().fetchDocument,
    })
    try {
      outside.configure({ jwt: [jwt] }, allAlgorithms)
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  const good: JwtAuthenticator = {
    issuer: { url: issuer, audiences: ['cluster'] },
    claimMappings: { username: { claim: 'sub', prefix: '' } },
  }
  const mapped = (claimMappings: JwtAuthenticator['claimMappings']) => ({ ...good, claimMappings })

  test('a good one has no faults', () => expect(faults(good)).toBe(''))

  test.each([
    ['no issuer', { ...good, issuer: { audiences: ['a'] } }, 'jwt[0].issuer.url: Required value'],
    [
      'plain http',
      { ...good, issuer: { url: 'http://x.org', audiences: ['a'] } },
      'jwt[0].issuer.url: Invalid value: "http://x.org": URL scheme must be https',
    ],
    [
      'our own issuer',
      { ...good, issuer: { url: ownIssuer, audiences: ['a'] } },
      `URL must not overlap with disallowed issuers: [${ownIssuer}]`,
    ],
    ['no audience', { ...good, issuer: { url: issuer } }, 'jwt[0].issuer.audiences: Required value'],
    [
      'two audiences without a policy',
      { ...good, issuer: { url: issuer, audiences: ['a', 'b'] } },
      'audienceMatchPolicy must be MatchAny for multiple audiences',
    ],
    [
      'a claim without prefix',
      mapped({ username: { claim: 'sub' } }),
      'jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set.',
    ],
    [
      'an expression that does not compile',
      mapped({ username: { expression: 'claims.' } }),
      'jwt[0].claimMappings.username.expression: Invalid value: "claims.": compilation failed: ERROR',
    ],
    [
      'an e-mail address that is not verified',
      mapped({ username: { expression: 'claims.email' } }),
      'claims.email_verified must be used in claimMappings.username.expression',
    ],
    [
      'a key of Kubernetes',
      mapped({ ...good.claimMappings, extra: [{ key: 'a.k8s.io/b', valueExpression: "''" }] }),
      'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use',
    ],
  ])('%s is refused by name', (_what, jwt, message) => expect(faults(jwt)).toContain(message))

  test('the anonymous get the paths that it names and no others', () => {
    const outside = createOutsideAuthentication({
      ...{ ownIssuers: [], audiences: [], serverId: '', ports: simPorts(1, startMs) },
      fetchDocument: provider().fetchDocument,
    })
    expect(outside.allowsAnonymous('/api')).toBe(true)
    const text = `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
anonymous: {enabled: true, conditions: [{path: /livez}]}`
    outside.configure(readAuthenticationConfiguration(text), allAlgorithms)
    expect([outside.allowsAnonymous('/livez'), outside.allowsAnonymous('/api')]).toEqual([true, false])
    expect(() => outside.configure({ anonymous: { enabled: false } }, allAlgorithms)).toThrow(
      'anonymous: Forbidden: changed from initial configuration file',
    )
    expect(outside.allowsAnonymous('/livez')).toBe(true)
  })

  test('flags make the same authenticator', () => {
    const flags = {
      ...{ issuerUrl: issuer, clientId: 'c', usernameClaim: 'sub', usernamePrefix: undefined },
      ...{ groupsClaim: 'g', groupsPrefix: 'p:', requiredClaims: ['hd=x=y'], authority: undefined },
    }
    expect(oidcAuthenticator(flags)).toEqual({
      issuer: { url: issuer, audiences: ['c'] },
      claimMappings: {
        username: { claim: 'sub', prefix: `${issuer}#` },
        groups: { claim: 'g', prefix: 'p:' },
      },
      claimValidationRules: [{ claim: 'hd', requiredValue: 'x=y' }],
    })
    const email = oidcAuthenticator({ ...flags, usernameClaim: 'email' })
    expect(email.claimMappings?.username?.prefix).toBe('')
  })
})

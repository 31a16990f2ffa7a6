import { beforeEach, describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import type { TokenRequest } from '../../api/types/authentication-v1.gen.ts'
import type { Secret } from '../../api/types/core-v1.gen.ts'
import { publicKeyOf } from '../pki/certificate.ts'
import { issueCa, issueLeaf } from '../pki/issue.ts'
import { tokenReviewStatus } from './authenticator.ts'
import { componentUsers, controllerUser, nodeUser, splitServiceAccountUsername } from './identity.ts'
import {
  account,
  base64url,
  body,
  clientCa,
  context,
  issuer,
  otherKey,
  payload,
  pod,
  podReference,
  serviceAccountKey,
  setup,
  show,
  showToken,
  startMs,
} from './testing.ts'
import { staticKeys } from './token-key.ts'

let world = setup()
beforeEach(() => {
  world = setup()
})
const issue = async (spec: Partial<TokenRequest['spec']> = {}) =>
  (await world.services.tokens.request('a', 'robot', body(spec))).status!.token

describe('TokenRequest', () => {
  test('answers with upstream’s claims, defaults and dates', async () => {
    const answer = await world.services.tokens.request('a', 'robot', body({ boundObjectRef: podReference }))
    expect(answer.spec).toMatchObject({ audiences: [issuer], expirationSeconds: 3600 })
    expect(answer.metadata).toMatchObject({ name: 'robot', namespace: 'a', uid: 'sa-1' })
    expect(answer.status!.expirationTimestamp).toBe('2026-06-01T01:00:00Z')
    const { jti, ...claims } = payload(answer.status!.token)
    expect(jti).toMatch(/^[0-9a-f-]{36}$/)
    const now = startMs / 1000
    expect(claims).toEqual({
      aud: [issuer],
      exp: now + 3600,
      iat: now,
      iss: issuer,
      nbf: now,
      sub: 'system:serviceaccount:a:robot',
      'kubernetes.io': {
        namespace: 'a',
        node: { name: 'n1', uid: 'node-1' },
        pod: { name: 'web', uid: 'pod-1' },
        serviceaccount: { name: 'robot', uid: 'sa-1' },
      },
    })
  })

  test('a kubelet’s token lives a year and says when it is stale', async () => {
    const claims = payload(await issue({ expirationSeconds: 3607, boundObjectRef: podReference }))
    expect(claims.exp - claims.iat).toBe(365 * 86_400)
    expect(claims['kubernetes.io'].warnafter - claims.iat).toBe(3607)
    const foreign = payload(
      await issue({ expirationSeconds: 3607, audiences: ['vault'], boundObjectRef: podReference }),
    )
    expect(foreign.exp - foreign.iat).toBe(3607)
  })

  const wrong: [string, TokenRequest, number, string][] = [
    ['too short', body({ expirationSeconds: 599 }), 422, 'may not specify a duration less than 10 minutes'],
    [
      'too long',
      body({ expirationSeconds: 2 ** 32 + 1 }),
      422,
      'may not specify a duration larger than 2^32 seconds',
    ],
    ['for another name', body({}, { name: 'x' }), 422, 'must match the service account name if specified'],
    [
      'for another namespace',
      body({}, { namespace: 'b' }),
      422,
      'must match the service account namespace if specified',
    ],
    ['for another uid', body({}, { uid: 'x' }), 409, 'does not match the UID of the service account (sa-1)'],
    [
      'bound to nothing there',
      body({ boundObjectRef: { ...podReference, name: 'x' } }),
      404,
      'pods "x" not found',
    ],
    [
      'bound to an old pod',
      body({ boundObjectRef: { ...podReference, uid: 'x' } }),
      409,
      'might have been deleted and then recreated',
    ],
    [
      'bound to a Service',
      body({ boundObjectRef: { kind: 'Service', apiVersion: 'v1', name: 'x' } }),
      400,
      'cannot bind token to object of type /v1, Kind=Service',
    ],
  ]
  test.each(wrong)('%s is refused', async (_, request, code, text) => {
    const failure = await world.services.tokens.request('a', 'robot', request).catch(error => error)
    expect(failure.code).toBe(code)
    expect(failure.message).toContain(text)
  })

  test('for a missing account, or a pod of another account, is refused', async () => {
    const { services, objects } = world
    expect(services.tokens.request('a', 'x', body())).rejects.toThrow('serviceaccounts "x" not found')
    objects.pods.put({ ...pod, spec: { ...pod.spec!, serviceAccountName: 'other' } })
    expect(issue({ boundObjectRef: podReference })).rejects.toThrow(
      'cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.',
    )
  })
})

describe('a bound token', () => {
  test('gives the account, its groups and where it came from', async () => {
    const token = await issue({ boundObjectRef: podReference })
    expect(await showToken(world.services, token)).toEqual({
      username: 'system:serviceaccount:a:robot',
      uid: 'sa-1',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:a'],
      extra: {
        'authentication.kubernetes.io/credential-id': [`JTI=${payload(token).jti}`],
        'authentication.kubernetes.io/pod-name': ['web'],
        'authentication.kubernetes.io/pod-uid': ['pod-1'],
        'authentication.kubernetes.io/node-name': ['n1'],
        'authentication.kubernetes.io/node-uid': ['node-1'],
      },
    })
  })

  test('dies at once with its pod, its pod’s successor, its account, and in time', async () => {
    const token = await issue({ boundObjectRef: podReference })
    const { services, objects, clock } = world
    const reason = async () => tokenReviewStatus(await services.reviewToken(token)).error
    expect(await reason()).toBeUndefined()
    objects.pods.remove('a', 'web')
    expect(await reason()).toBe('[invalid bearer token, service account token has been invalidated]')
    objects.pods.put({ ...pod, metadata: { ...pod.metadata, uid: 'pod-2' } })
    expect(await reason()).toContain('pod UID (pod-2) does not match service account pod ref claim (pod-1)')
    objects.pods.put(pod)
    objects.serviceAccounts.put({ metadata: { ...account.metadata, uid: 'sa-2' } })
    expect(await reason()).toContain('service account UID (sa-2) does not match claim (sa-1)')
    objects.serviceAccounts.put(account)
    expect(await reason()).toBeUndefined()
    await clock.advance(3_661_000)
    expect(await reason()).toContain('service account token has expired')
  })

  test('outlives a pod’s grace period by a minute, not more', async () => {
    const token = await issue({ boundObjectRef: podReference })
    const deletionTimestamp = new Date(startMs + 30_000).toISOString()
    world.objects.pods.put({ ...pod, metadata: { ...pod.metadata, deletionTimestamp } })
    await world.clock.advance(80_000)
    expect(await showToken(world.services, token)).toBeDefined()
    await world.clock.advance(20_000)
    expect(await showToken(world.services, token)).toBeUndefined()
  })

  test('of another audience is no key to the API, but reviews for its own', async () => {
    const token = await issue({ audiences: ['vault'] })
    expect(await showToken(world.services, token)).toBeUndefined()
    expect(tokenReviewStatus(await world.services.reviewToken(token)).error).toBe(
      `[invalid bearer token, token audiences ["vault"] is invalid for the target audiences ["${issuer}"]]`,
    )
    expect(tokenReviewStatus(await world.services.reviewToken(token, ['vault', 'x']))).toMatchObject({
      authenticated: true,
      audiences: ['vault'],
    })
  })

  test('bound to a node dies with the node', async () => {
    const token = await issue({ boundObjectRef: { kind: 'Node', apiVersion: 'v1', name: 'n1' } })
    expect(await showToken(world.services, token)).toBeDefined()
    world.objects.nodes.remove('', 'n1')
    expect(await showToken(world.services, token)).toBeUndefined()
  })
})

describe('a forged token', () => {
  const forge = async (header: object, change: object, signature?: (input: string) => string) => {
    const [, claims = ''] = (await issue()).split('.')
    const input = `${base64url(header)}.${base64url({ ...JSON.parse(Buffer.from(claims, 'base64url').toString()), ...change })}`
    return `${input}.${signature?.(input) ?? ''}`
  }
  const kid = async () => JSON.parse(Buffer.from((await issue()).split('.')[0]!, 'base64url').toString()).kid

  test('without algorithm, with changed claims, or signed with the public key as a secret is refused', async () => {
    const original = await issue()
    const [header, , signature] = original.split('.')
    const forged = [
      await forge({ alg: 'none' }, {}),
      await forge({ alg: 'none', kid: await kid() }, {}),
      `${header}.${base64url({ ...payload(original), sub: 'system:serviceaccount:kube-system:x' })}.${signature}`,
      await forge({ alg: 'HS256', kid: await kid() }, {}, input =>
        createHmac('sha256', publicKeyOf(serviceAccountKey)).update(input).digest('base64url'),
      ),
      await forge({ alg: 'RS256', kid: 'unknown' }, {}),
    ]
    for (const token of forged) {
      expect(await showToken(world.services, token)).toBeUndefined()
      expect((await world.services.reviewToken(token)).kind).toBe('invalid')
    }
  })

  test('of another key is refused unless that key was retired here', async () => {
    const stranger = setup(otherKey)
    const token = (await stranger.services.tokens.request('a', 'robot', body())).status!.token
    expect(await showToken(world.services, token)).toBeUndefined()
    const keys = staticKeys(serviceAccountKey, [
      `${publicKeyOf(serviceAccountKey)}\n${publicKeyOf(otherKey)}`,
    ])
    const rotated = setup(serviceAccountKey, { keys })
    expect((await showToken(rotated.services, token))?.username).toBe('system:serviceaccount:a:robot')
    expect(JSON.parse(rotated.services.documents!().keySet).keys.length).toBe(2)
  })

  test('of another issuer, or no token at all, is unknown', async () => {
    for (const token of [await forge({ alg: 'none' }, { iss: 'x' }), 'a.b.c', '', 'x', 'eyJ9.eyJ9.']) {
      expect((await world.services.reviewToken(token)).kind).toBe('unknown')
    }
    expect(tokenReviewStatus({ kind: 'unknown' })).toEqual({ user: {}, error: 'invalid bearer token' })
  })
})

describe('a legacy token', () => {
  test('lives as long as its Secret holds it and its account is the same', async () => {
    const { services, objects } = world
    const token = await services.tokens.legacyToken(account, 'robot-token')
    expect(await showToken(services, token)).toBeUndefined()
    const secret = { metadata: { name: 'robot-token', namespace: 'a' }, data: { token: btoa(token) } }
    objects.secrets.put(secret)
    expect((await showToken(services, token))?.uid).toBe('sa-1')
    objects.secrets.put({ ...secret, data: { token: btoa(`${token}x`) } })
    expect(await showToken(services, token)).toBeUndefined()
    const labels = { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' }
    objects.secrets.put({ ...secret, metadata: { ...secret.metadata, labels } })
    expect(await showToken(services, token)).toBeUndefined()
  })
})

describe('a bootstrap token', () => {
  const data = (more: Record<string, string> = {}) => {
    const plain = {
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': 'system:bootstrappers:edge',
      expiration: '2026-06-01T01:00:00Z',
      ...more,
    }
    return Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, btoa(value)]))
  }
  const secret = (more?: Record<string, string>): Secret => ({
    metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    data: data(more),
  })
  const token = 'abcdef.0123456789abcdef'

  test('gives the bootstrappers’ groups until it expires', async () => {
    world.objects.secrets.put(secret())
    expect(await showToken(world.services, token)).toEqual({
      username: 'system:bootstrap:abcdef',
      groups: ['system:bootstrappers', 'system:bootstrappers:edge'],
    })
    await world.clock.advance(3_600_000)
    expect(await showToken(world.services, token)).toBeUndefined()
  })

  const wrong: [string, Secret][] = [
    ['with another secret', secret({ 'token-secret': '0123456789abcdeg' })],
    ['with another id inside', secret({ 'token-id': 'abcdeg' })],
    ['not meant for authentication', secret({ 'usage-bootstrap-authentication': 'false' })],
    ['with an unreadable date', secret({ expiration: 'tomorrow' })],
    ['with a group of its own choice', secret({ 'auth-extra-groups': 'system:masters' })],
    ['of another type', { ...secret(), type: 'Opaque' }],
    [
      'being deleted',
      { ...secret(), metadata: { ...secret().metadata, deletionTimestamp: '2026-05-01T00:00:00Z' } },
    ],
  ]
  test.each(wrong)('%s is refused', async (_, kept) => {
    world.objects.secrets.put(kept)
    expect(await showToken(world.services, token)).toBeUndefined()
  })
})

describe('a client certificate', () => {
  const show509 = (certificate: string, token?: string) => {
    const raw = Buffer.from(certificate.replace(/-----[^-]+-----|\s/g, ''), 'base64')
    return show(world.services, {
      kind: 'certificate',
      certificate: { commonName: '', organizations: [], raw },
      ...(token !== undefined && { token }),
    })
  }
  const subject = { commonName: 'ann', organizations: ['devs', 'ops'], names: [] }

  test('names its user and groups', async () => {
    const { certificate } = await issueLeaf(clientCa, { ...subject, uses: ['clientAuth'] }, context)
    const user = await show509(certificate)
    expect(user).toMatchObject({ username: 'ann', groups: ['devs', 'ops'] })
    expect(user!.extra!['authentication.kubernetes.io/credential-id']![0]).toMatch(
      /^X509SHA256=[0-9a-f]{64}$/,
    )
  })

  test('that names no use is good for clients, too, as Go sees it', async () => {
    const { certificate } = await issueLeaf(clientCa, { ...subject, uses: [] }, context)
    expect((await show509(certificate))?.username).toBe('ann')
  })

  test('that names nobody leaves it to the token beside it', async () => {
    const { certificate } = await issueLeaf(
      clientCa,
      { ...subject, commonName: '', uses: ['clientAuth'] },
      context,
    )
    expect((await show509(certificate))?.username).toBe('system:anonymous')
    expect(await show509(certificate, 'wrong')).toBeUndefined()
    expect((await show509(certificate, await issue()))?.username).toBe('system:serviceaccount:a:robot')
  })

  test('of another authority, for servers, or past its time is refused', async () => {
    const foreign = await issueCa('client-ca', context)
    expect(
      await show509((await issueLeaf(foreign, { ...subject, uses: ['clientAuth'] }, context)).certificate),
    ).toBeUndefined()
    expect(
      await show509((await issueLeaf(clientCa, { ...subject, uses: ['serverAuth'] }, context)).certificate),
    ).toBeUndefined()
    const short = await issueLeaf(clientCa, { ...subject, uses: ['clientAuth'], lifeMs: 1000 }, context)
    expect(await show509(short.certificate)).toBeDefined()
    await world.clock.advance(2000)
    expect(await show509(short.certificate)).toBeUndefined()
  })
})

test('parts of this process are members of system:authenticated', () => {
  expect(componentUsers.scheduler.groups).toEqual(['system:authenticated'])
  expect(controllerUser('job-controller').groups).toContain('system:authenticated')
  expect(nodeUser('n').groups).toEqual(['system:nodes', 'system:authenticated'])
  expect(splitServiceAccountUsername('system:serviceaccount:a:b')).toEqual({ namespace: 'a', name: 'b' })
  expect(splitServiceAccountUsername('system:serviceaccount:a:b:c')).toBeUndefined()
})

test('the key set and the discovery document have upstream’s members', () => {
  const { keySet, configuration } = world.services.documents!()
  expect(Object.keys(JSON.parse(keySet).keys[0])).toEqual(['use', 'kty', 'kid', 'alg', 'n', 'e'])
  expect(JSON.parse(configuration)).toMatchObject({
    issuer,
    jwks_uri: 'https://192.0.2.7:6443/openid/v1/jwks',
  })
  expect(world.services.documentSeconds()).toBe(3600)
  expect(setup(serviceAccountKey, { issuers: ['no-url'] }).services.documents).toBeUndefined()
})

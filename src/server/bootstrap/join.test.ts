import { describe, expect, test } from 'bun:test'
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.gen.ts'
import type { Node } from '../../api/types/core-v1.gen.ts'
import type { Transport, WatchEvent } from '../../client/transport.ts'
import { SimClock, simRandom } from '../../std/sim-ports.ts'
import { bootstrapTokens } from '../authn/bootstrap-token.ts'
import { memorySource } from '../lister.ts'
import { certificateFacts, keyMatches, newEcKey } from '../pki/certificate.ts'
import { createCertificateRequest, issueCa } from '../pki/issue.ts'
import type { Pki } from '../pki/pki.ts'
import { approvals, signCertificate } from './certificate-signing.ts'
import {
  bearerOf,
  formatJoinToken,
  newBootstrapToken,
  parseJoinToken,
  tokenSecret,
  trustedCa,
} from './join-token.ts'
import { requestNodeCertificate } from './node-certificate.ts'

const context = { nowMs: Date.UTC(2026, 5, 1), random: simRandom(2) }
const authorities: Pki['authorities'] = {
  'server-ca': await issueCa('hutch-server-ca', context),
  'client-ca': await issueCa('hutch-client-ca', context),
  'kubelet-ca': await issueCa('hutch-kubelet-ca', context),
  'request-header-ca': await issueCa('hutch-request-header-ca', context),
}
const serverCa = authorities['server-ca'].certificate

describe('a join token', () => {
  test('goes to a person and back, with and without the hash of the CA', () => {
    const token = newBootstrapToken(simRandom(9))
    expect(bearerOf(token)).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/)
    const text = formatJoinToken(token, serverCa)
    expect(text).toMatch(/^K10[0-9a-f]{64}::/)
    expect(parseJoinToken(`${text}\n`)).toEqual({ ...token, caHash: text.slice(3, 67) })
    expect(parseJoinToken(bearerOf(token))).toEqual(token)
    expect(() => parseJoinToken('K10abc::server:secret')).toThrow('hutch token create')
  })

  test('trusts the server that it was made for and no other', () => {
    const token = parseJoinToken(formatJoinToken(newBootstrapToken(simRandom(9)), serverCa))
    expect(trustedCa(serverCa, token)).toBe(serverCa)
    expect(() => trustedCa(authorities['client-ca'].certificate, token)).toThrow('its CA has another hash')
  })

  test('is known to the server through its Secret', async () => {
    const token = newBootstrapToken(simRandom(9))
    const secret = tokenSecret(token, { expiration: '2026-06-02T00:00:00Z', description: 'shop 7' })
    const authenticate = bootstrapTokens(memorySource([secret]), new SimClock(context.nowMs), ['api'])
    expect(await authenticate(bearerOf(token), ['api'])).toMatchObject({ kind: 'user' })
  })
})

interface Wish {
  readonly signerName: string
  readonly names?: readonly string[]
  readonly usages?: string[]
  readonly commonName?: string
  readonly organizations?: readonly string[]
  readonly username?: string
  readonly expirationSeconds?: number
}

async function csr(wish: Wish): Promise<CertificateSigningRequest> {
  const { commonName = 'system:node:n1', organizations = ['system:nodes'], names = [] } = wish
  const request = btoa(await createCertificateRequest({ commonName, organizations, names }, newEcKey()))
  const { signerName, usages = ['digital signature', 'client auth'], username = 'system:node:n1' } = wish
  const { expirationSeconds } = wish
  return {
    metadata: { name: 'c' },
    spec: { request, signerName, usages, username, ...(expirationSeconds && { expirationSeconds }) },
  }
}

const client = 'kubernetes.io/kube-apiserver-client-kubelet'
const serving = 'kubernetes.io/kubelet-serving'
const serve = ['digital signature', 'server auth']

describe('signing', () => {
  test('gives each signer its authority, use and life', async () => {
    const signed = await signCertificate(
      await csr({ signerName: client, expirationSeconds: 3600 }),
      authorities,
      context,
    )
    const facts = certificateFacts(signed.kind === 'certificate' ? signed.certificate : '')
    expect(facts).toMatchObject({ commonName: 'system:node:n1', organizations: ['system:nodes'] })
    expect(facts.notAfterMs).toBe(context.nowMs + 3_600_000)
    const long = await csr({ signerName: serving, names: ['n1'], usages: serve, expirationSeconds: 10 ** 9 })
    const other = await signCertificate(long, authorities, context)
    expect(certificateFacts(other.kind === 'certificate' ? other.certificate : '').notAfterMs).toBe(
      context.nowMs + 365 * 86_400_000,
    )
    expect(
      (await signCertificate(await csr({ signerName: 'example.com/x' }), authorities, context)).kind,
    ).toBe('notOurs')
  })

  const wrong: [string, Wish, string][] = [
    [
      'another group',
      { signerName: client, organizations: ['system:masters'] },
      'subject organization is not system:nodes',
    ],
    [
      'two groups',
      { signerName: client, organizations: ['system:nodes', 'x'] },
      'subject organization is not system:nodes',
    ],
    [
      'another user',
      { signerName: client, commonName: 'ann' },
      'subject common name does not begin with system:node:',
    ],
    ['names for a client', { signerName: client, names: ['n1'] }, 'DNS subjectAltNames are not allowed'],
    [
      'addresses for a client',
      { signerName: client, names: ['192.0.2.1'] },
      'IP subjectAltNames are not allowed',
    ],
    [
      'serving by a client',
      { signerName: client, usages: serve },
      'usages did not match [digital signature key encipherment client auth]',
    ],
    ['serving without names', { signerName: serving, usages: serve }, 'DNS or IP subjectAltName is required'],
    [
      'signing by a user',
      { signerName: 'kubernetes.io/kube-apiserver-client', usages: ['cert sign'] },
      'invalid usage for client certificate: cert sign',
    ],
  ]
  test.each(wrong)('refuses %s', async (_, wish, message) => {
    expect(await signCertificate(await csr(wish), authorities, context)).toEqual({ kind: 'failed', message })
  })
})

describe('approval without a person', () => {
  const node = (name: string, ...addresses: string[]): Node => ({
    metadata: { name },
    status: { addresses: addresses.map(address => ({ type: 'InternalIP', address })) },
  })
  const nodes = [node('n1', '192.0.2.1', '2001:db8::1'), node('n2', '192.0.2.2')]

  test('of client certificates needs a right: one for the node itself, one for who brings it in', async () => {
    const own = await approvals(await csr({ signerName: client }), nodes)
    expect(own.map(({ permission }) => permission)).toEqual(['selfnodeclient', 'nodeclient'])
    const joining = await approvals(
      await csr({ signerName: client, username: 'system:bootstrap:abcdef' }),
      nodes,
    )
    expect(joining.map(({ permission }) => permission)).toEqual(['nodeclient'])
    expect(await approvals(await csr({ signerName: client, names: ['x'] }), nodes)).toEqual([])
    expect(await approvals(await csr({ signerName: 'kubernetes.io/kube-apiserver-client' }), nodes)).toEqual(
      [],
    )
  })

  test('of serving certificates is for the node’s own names', async () => {
    const ask = async (names: string[], more: Partial<Wish> = {}) =>
      (await approvals(await csr({ signerName: serving, usages: serve, names, ...more }), nodes)).length === 1
    expect(await ask(['n1', '192.0.2.1', '2001:db8:0::1', '127.0.0.1', 'localhost'])).toBe(true)
    expect(await ask(['n1', 'kubernetes'])).toBe(false)
    expect(await ask(['n1', '192.0.2.2'])).toBe(false)
    expect(await ask(['n2'])).toBe(false)
    expect(await ask(['n1'], { username: 'system:node:n2' })).toBe(false)
    expect(await ask(['n3'], { commonName: 'system:node:n3', username: 'system:node:n3' })).toBe(false)
  })
})

describe('requestNodeCertificate', () => {
  /** A cluster that answers one request in a moment. */
  function cluster(
    answer: (request: CertificateSigningRequest) => Promise<CertificateSigningRequest['status']>,
  ) {
    let stored: CertificateSigningRequest | undefined
    const transport: Transport = {
      async call({ body }) {
        const created = body as CertificateSigningRequest
        stored = { ...created, metadata: { name: 'node-csr-x', resourceVersion: '5' } }
        return stored
      },
      async watch(_, sink, signal) {
        const status = await answer(stored!)
        sink([{ type: 'MODIFIED', object: { ...stored!, status } } as WatchEvent])
        await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
      },
    }
    return transport
  }
  const forever = new AbortController().signal

  test('answers the signed certificate with its key', async () => {
    const transport = cluster(async request => {
      const signed = await signCertificate(request, authorities, context)
      return signed.kind === 'certificate' ? { certificate: btoa(signed.certificate) } : {}
    })
    const wanted = { purpose: 'serving' as const, nodeName: 'n1', names: ['n1', '192.0.2.1'] }
    const pair = await requestNodeCertificate(transport, wanted, forever)
    expect(keyMatches(pair)).toBe(true)
    expect(certificateFacts(pair.certificate).names).toEqual(['n1', '192.0.2.1'])
  })

  test('tells why it was refused', async () => {
    const denied = [{ type: 'Denied', status: 'True', message: 'not this one' }]
    const transport = cluster(async () => ({ conditions: denied }))
    expect(requestNodeCertificate(transport, { purpose: 'client', nodeName: 'n1' }, forever)).rejects.toThrow(
      'the certificate request node-csr-x was denied: not this one',
    )
  })
})

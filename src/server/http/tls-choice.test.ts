import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type PeerCertificate } from 'node:tls'
import { realPorts } from '../../std/real-ports.ts'
import { issueCa, issueLeaf } from '../pki/issue.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import type { Listener, TlsMaterial } from './listen.ts'
import { cipherFault, type NamedCertificate, tlsLimits, tlsVersionFault } from './tls-choice.ts'

test('suites and versions are called as upstream calls them, others are refused by name', () => {
  const names = ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256']
  expect(tlsLimits(names, 'VersionTLS13')).toEqual({
    ciphers: 'ECDHE-RSA-AES256-GCM-SHA384',
    minVersion: 'TLSv1.3',
  })
  expect(tlsLimits([], 'VersionTLS12')).toEqual({ minVersion: 'TLSv1.2' })
  expect(cipherFault('TLS_RSA_WITH_RC4_128_SHA')).toStartWith(
    'cipher suite "TLS_RSA_WITH_RC4_128_SHA" is not available',
  )
  expect(tlsVersionFault('VersionTLS10')).toBe(
    'TLS version "VersionTLS10" is not available; use VersionTLS12 or VersionTLS13',
  )
})

describe('a TLS listener', () => {
  const ports = realPorts()
  let server: TestServer
  let tls: TlsMaterial
  let ca = ''
  const listeners: Listener[] = []
  const issued = new Map<string, Pick<NamedCertificate, 'cert' | 'key'>>()

  beforeAll(async () => {
    server = await startTestServer({ ports })
    const context = { nowMs: ports.clock.nowMs(), random: ports.random }
    const authority = await issueCa('test-ca', context)
    ca = authority.certificate
    for (const [name, names] of [
      ['usual', ['localhost']],
      ['carried', ['api.example.org', '*.wide.example.org']],
      ['given', ['other.example.org']],
    ] as const) {
      const subject = {
        commonName: name,
        organizations: [],
        names: [...names],
        uses: ['serverAuth'],
      } as const
      const { certificate, key } = await issueLeaf(authority, subject, context)
      issued.set(name, { cert: certificate, key })
    }
    const named = [
      { ...issued.get('carried')!, names: [] },
      { ...issued.get('given')!, names: ['*.example.org'] },
    ]
    tls = { ...issued.get('usual')!, named, clientCa: [ca] }
  }, 120_000)

  afterAll(() => server.shutdown(), 120_000)

  const open = async (more: object = {}) => {
    const listener = await server.listen({ host: '127.0.0.1', port: 0, tls, ...more })
    listeners.push(listener)
    return listener
  }

  const shownTo = (port: number, servername?: string, more: object = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const at = { host: '127.0.0.1', port, ca, rejectUnauthorized: false, ...(servername && { servername }) }
    const socket = connect({ ...at, ...more }, () => {
      const { subject } = socket.getPeerCertificate() as PeerCertificate
      resolve(String(subject.CN))
      socket.destroy()
    })
    socket.on('error', reject)
    return promise
  }

  test('shows the certificate for the name that is asked for, given patterns after carried names', async () => {
    const { port } = await open()
    expect(await shownTo(port, 'api.example.org')).toBe('carried')
    expect(await shownTo(port, 'a.wide.example.org')).toBe('carried')
    expect(await shownTo(port, 'new.example.org')).toBe('given')
    expect(await shownTo(port, 'example.net')).toBe('usual')
    expect(await shownTo(port)).toBe('usual')
  })

  test('shows others from the next connection on when they change', async () => {
    const listener = await open()
    listener.setTls({ ...tls, ...issued.get('given')!, named: [] })
    expect(await shownTo(listener.port, 'api.example.org')).toBe('given')
  })

  test('speaks no older TLS than it may', async () => {
    const { port } = await open({ limits: { minVersion: 'TLSv1.3' } })
    expect(await shownTo(port, 'localhost', { minVersion: 'TLSv1.3' })).toBe('usual')
    expect(shownTo(port, 'localhost', { maxVersion: 'TLSv1.2' })).rejects.toThrow()
  })

  /** Whether the session is told to go after one request of this caller. */
  const goesAfter = async (port: number, authorization?: string) => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca, rejectUnauthorized: false })
    session.on('error', () => {})
    let gone = false
    const closed = new Promise<void>(resolve => {
      session.on('goaway', () => {
        gone = true
        resolve()
      })
    })
    const ask = () => {
      const { promise, resolve } = Promise.withResolvers<number>()
      const stream = session.request({ ':path': '/version', ...(authorization && { authorization }) })
      stream.on('response', headers => resolve(Number(headers[':status'])))
      stream.on('error', () => resolve(0))
      stream.resume().end()
      return promise
    }
    const status = await ask()
    if (authorization === undefined) await closed
    const again = gone ? undefined : await ask()
    session.destroy()
    return { status, again }
  }

  test('keeps the connections of users, and ends those of strangers after one request', async () => {
    const { port } = await open()
    expect(await goesAfter(port, 'Bearer admin')).toEqual({ status: 200, again: 200 })
    expect(await goesAfter(port)).toEqual({ status: 200, again: undefined })
  })
})

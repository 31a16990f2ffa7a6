import { afterAll, beforeAll, expect, test } from 'bun:test'
import { configMaps } from '../api/core/config-map.ts'
import { namespaces } from '../api/core/namespace.ts'
import { issueCa, issueLeaf } from '../server/pki/issue.ts'
import { startTestServer, type TestServer } from '../server/testing.ts'
import { silentLogger } from '../std/log.ts'
import { realPorts } from '../std/real-ports.ts'
import { createClient } from './client.ts'
import { createHttpTransport, type HttpIdentity } from './http-transport.ts'
import { createInformer } from './informer.ts'

const ports = realPorts(silentLogger)
let server: TestServer
let identityOf: (name: string) => Promise<HttpIdentity>

beforeAll(async () => {
  const context = { nowMs: ports.clock.nowMs(), random: ports.random }
  const ca = await issueCa('test-ca', context)
  const leaf = (commonName: string, use: 'serverAuth' | 'clientAuth') =>
    issueLeaf(ca, { commonName, organizations: [], names: ['127.0.0.1', 'localhost'], uses: [use] }, context)
  const serving = await leaf('server', 'serverAuth')
  server = await startTestServer({
    ports,
    authenticator: ({ credential }) =>
      credential.kind === 'certificate'
        ? { username: credential.certificate.commonName, groups: [] }
        : undefined,
    authorizer: ({ user }) => ({ decision: user.username === 'bob' ? 'deny' : 'allow', reason: '' }),
  })
  const tls = { cert: serving.certificate, key: serving.key, clientCa: ca.certificate }
  const { port } = await server.listen({ host: '127.0.0.1', port: 0, tls })
  identityOf = async name => {
    const { certificate, key } = await leaf(name, 'clientAuth')
    return { server: `https://127.0.0.1:${port}`, caPem: ca.certificate, certPem: certificate, keyPem: key }
  }
  await createClient(server.admin).create(namespaces, { metadata: { name: 'shop' } })
})

afterAll(async () => {
  await server.shutdown()
})

async function clientOf(name: string) {
  const identity = await identityOf(name)
  return createClient(createHttpTransport({ identity: () => identity, ports, userAgent: 'hutch/test' }))
}

test('requests of two identities do not share a connection', async () => {
  const [alice, bob] = [await clientOf('alice'), await clientOf('bob')]
  for (let round = 0; round < 5; round++) {
    expect((await alice.list(namespaces)).items).toHaveLength(1)
    expect(await bob.list(namespaces).catch((error: unknown) => error)).toMatchObject({ code: 403 })
  }
})

test('a server whose certificate nobody vouches for is not talked to', async () => {
  const { caPem: _, ...identity } = await identityOf('alice')
  const client = createClient(
    createHttpTransport({ identity: () => identity, ports, userAgent: 'hutch/test' }),
  )
  expect(await client.list(namespaces).catch((error: unknown) => error)).toMatchObject({ code: 503 })
})

test('an informer follows over the wire', async () => {
  const client = await clientOf('alice')
  const informer = createInformer({ client, resource: configMaps, ports, namespace: 'shop' })
  const stop = new AbortController()
  const running = informer.run(stop.signal)
  await informer.whenSynced()
  const seen = Promise.withResolvers<void>()
  informer.onChange(({ object }) => {
    if (object?.data?.step === 'two') seen.resolve()
  })
  const created = await client.create(configMaps, {
    metadata: { name: 'a', namespace: 'shop' },
    data: { step: 'one' },
  })
  await client.update(configMaps, { ...created, data: { step: 'two' } })
  await seen.promise
  expect(informer.store.get('shop', 'a')?.data).toEqual({ step: 'two' })
  stop.abort()
  await running
})

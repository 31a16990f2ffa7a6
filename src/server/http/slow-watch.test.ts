import { afterAll, beforeAll, expect, test } from 'bun:test'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect as connectTls } from 'node:tls'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { realPorts } from '../../std/real-ports.ts'
import { issueCa, issueLeaf } from '../pki/issue.ts'
import { startTestServer, type TestServer } from '../testing.ts'

let server: TestServer
let ca: string
let port: number

beforeAll(async () => {
  const ports = realPorts()
  server = await startTestServer({ ports })
  const context = { nowMs: ports.clock.nowMs(), random: ports.random }
  const issuer = await issueCa('test-ca', context)
  const subject = { commonName: 'server', organizations: [], names: ['127.0.0.1'] }
  const leaf = await issueLeaf(issuer, { ...subject, uses: ['serverAuth'] }, context)
  ca = issuer.certificate
  const tls = { cert: leaf.certificate, key: leaf.key }
  port = (await server.listen({ host: '127.0.0.1', port: 0, tls })).port
}, 120_000)
afterAll(() => server.shutdown(), 120_000)

const authorization = 'Bearer admin/system:masters'
const filler = 'x'.repeat(50_000)
const events = 200

async function write(namespace: string, number: number): Promise<void> {
  const body: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `map-${number}` },
    ...{ data: { number: `<${number}>`, filler } },
  }
  const at = { group: '', version: 'v1', resource: 'configmaps', namespace }
  await server.admin.call({ ...at, verb: 'create', body })
}

/** A client that can stop reading. */
interface Reader {
  pause(): void
  resume(): void
  close(): void
  text(): string
}

const pathOf = (namespace: string) =>
  `/api/v1/namespaces/${namespace}/configmaps?watch=true&timeoutSeconds=600`

async function overHttp1(namespace: string): Promise<Reader> {
  let text = ''
  const socket = connectTls({ host: '127.0.0.1', port, ca, ALPNProtocols: ['http/1.1'] })
  socket.on('data', chunk => {
    text += chunk.toString('latin1')
  })
  await once(socket, 'secureConnect')
  socket.write(`GET ${pathOf(namespace)} HTTP/1.1\r\nhost: a\r\nauthorization: ${authorization}\r\n\r\n`)
  return {
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.destroy(),
    text: () => text,
  }
}

async function overHttp2(namespace: string): Promise<Reader> {
  let text = ''
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca })
  const stream = session.request({ ':path': pathOf(namespace), authorization })
  stream.on('data', chunk => {
    text += chunk.toString('latin1')
  })
  await once(stream, 'response')
  return {
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    close: () => session.destroy(),
    text: () => text,
  }
}

const numbersIn = (text: string) => [...text.matchAll(/<(\d+)>/g)].map(([, number]) => Number(number))

test.each([
  ['HTTP/1.1', 'one', overHttp1],
  ['HTTP/2', 'two', overHttp2],
] as const)(
  'over %s a watcher who reads late sees everything once, in order',
  async (_version, namespace, open) => {
    await server.admin.call({
      ...{ group: '', version: 'v1', resource: 'namespaces', verb: 'create' },
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    })
    const slow = await open(namespace)
    const quick = await open(namespace)
    await write(namespace, 0)
    while (numbersIn(slow.text()).length === 0 || numbersIn(quick.text()).length === 0) await Bun.sleep(5)
    slow.pause()
    for (let number = 1; number < events; number++) await write(namespace, number)
    while (numbersIn(quick.text()).length < events) await Bun.sleep(5)
    // What lies in sockets and windows is on its way; the rest was not made yet.
    expect(numbersIn(slow.text()).length).toBeLessThan(events)
    slow.resume()
    while (numbersIn(slow.text()).length < events) await Bun.sleep(5)
    const all = Array.from({ length: events }, (_, number) => number)
    expect(numbersIn(slow.text())).toEqual(all)
    expect(numbersIn(quick.text())).toEqual(all)
    slow.close()
    quick.close()
  },
  120_000,
)

import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { realPorts } from '../../std/real-ports.ts'
import type { Authorizer } from '../context.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import type { Listener } from './listen.ts'

/** Pods on loopback are not proxied to. */
const address = Object.values(networkInterfaces())
  .flatMap(list => list ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address
if (!address) console.warn('SKIPPED: upgrades to a pod, for this machine has no address but loopback')

/** A pod's own server: echoes after `101`, or says no. */
let backend: Server
let server: TestServer
let listener: Listener
const heads: string[] = []

beforeAll(async () => {
  backend = createServer(serveBackend).listen(0, address)
  await new Promise(resolve => backend.once('listening', resolve))
  const authorizer: Authorizer = ({ user }) => ({
    decision: user.username === 'nobody' ? 'noOpinion' : 'allow',
    reason: '',
  })
  server = await startTestServer({ ports: realPorts(), authorizer })
  listener = await server.listen({ port: 0, host: '127.0.0.1' })
  const pods = { group: '', version: 'v1', resource: 'pods', namespace: 'default' } as const
  const body = { metadata: { name: 'echo' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  await server.admin.call({ ...pods, verb: 'create', body })
  if (!address) return
  const patchType = 'application/merge-patch+json'
  const status = { podIP: address, podIPs: [{ ip: address }] }
  await server.admin.call({
    ...pods,
    verb: 'patch',
    name: 'echo',
    subresource: 'status',
    patchType,
    body: { status },
  })
})
afterAll(async () => {
  await server.shutdown()
  backend.close()
})

function serveBackend(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  socket.once('data', head => {
    heads.push(head.toString())
    if (head.toString().includes('/refuse'))
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
    else if (head.toString().includes('/redirect'))
      socket.end('HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example.org/\r\n\r\n')
    else {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
      socket.on('data', data => socket.write(data))
    }
  })
}

/** Asks for an upgrade through the pod's proxy; `talk` is sent once something came back. */
function upgrade(path: string, user: string, talk?: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const { port } = backend.address() as AddressInfo
  const client = connect(listener.port, '127.0.0.1')
  let heard = ''
  client.on('data', data => {
    if (heard === '' && talk) client.write(talk)
    heard += data.toString()
    if (talk && heard.endsWith(talk)) client.end()
  })
  client.on('close', () => resolve(heard))
  client.write(
    `GET /api/v1/namespaces/default/pods/echo:${port}/proxy/${path}?a=b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${user}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`,
  )
  return promise
}

test.if(address !== undefined)(
  'after an upgrade both ends talk to each other, and the target never sees the token',
  async () => {
    const heard = await upgrade('some/path', 'tester', 'ping')
    expect(heard).toStartWith('HTTP/1.1 101')
    expect(heard).toEndWith('ping')
    expect(heads.at(-1)).toStartWith('GET /some/path?a=b HTTP/1.1\r\n')
    expect(heads.at(-1)).not.toContain('tester')
  },
)

test.if(address !== undefined)(
  'a refused upgrade is told in the words of the target, and closed',
  async () => {
    const heard = await upgrade('refuse', 'tester')
    expect(heard).toStartWith('HTTP/1.1 403')
    expect(heard).toEndWith('no')
  },
)

test.if(address !== undefined)('an upgrade is not led elsewhere', async () => {
  const heard = await upgrade('redirect', 'tester')
  expect(heard).toStartWith('HTTP/1.1 500')
  expect(heard).toContain('invalid upgrade response: status code 302')
  expect(heard).not.toContain('elsewhere')
})

test('an upgrade passes the chain first', async () => {
  const before = heads.length
  const heard = await upgrade('any', 'nobody')
  expect(heard).toStartWith('HTTP/1.1 403')
  expect(heard).toContain('cannot get resource \\"pods/proxy\\"')
  expect(heads.length).toBe(before)
})

test.if(address !== undefined)('HEAD goes to a proxy, and to nothing else', async () => {
  const { port } = backend.address() as AddressInfo
  const head = (path: string) =>
    fetch(`http://127.0.0.1:${listener.port}/api/v1/namespaces/default/pods/${path}`, {
      method: 'HEAD',
      headers: { authorization: 'Bearer tester' },
      redirect: 'manual',
    })
  expect((await head(`echo:${port}/proxy`)).status).toBe(301)
  expect((await head('echo')).status).toBe(405)
})

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { realPorts } from '../../std/real-ports.ts'
import type { Listener } from '../http/listen.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import type { Dial } from './dial.ts'
import { connectProxy } from './http-connect.ts'

/** A pod's own server: echoes after `101`, and answers a plain request. */
let pod: Server
let server: TestServer
let listener: Listener
const dialed: string[] = []

beforeAll(async () => {
  pod = createServer(serve).listen(0, '127.0.0.1')
  const dial: Dial = (host, port) => {
    dialed.push(`${host}:${port}`)
    if (port === 1) return Promise.reject(new Error('no way to port 1'))
    return connectProxy({ host: '127.0.0.1', port: (pod.address() as AddressInfo).port })
  }
  server = await startTestServer({
    ports: realPorts(),
    egress: { cluster: dial },
    connectionBytesPerSecondMax: 1_000_000,
  })
  listener = await server.listen({ port: 0, host: '127.0.0.1' })
  const pods = { group: '', version: 'v1', resource: 'pods', namespace: 'default' } as const
  const body = { metadata: { name: 'far' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  await server.admin.call({ ...pods, verb: 'create', body })
  const status = { podIP: '192.0.2.7', podIPs: [{ ip: '192.0.2.7' }] }
  const patchType = 'application/merge-patch+json'
  await server.admin.call({
    ...{ ...pods, verb: 'patch', name: 'far', subresource: 'status', patchType, body: { status } },
  })
}, 60_000)
afterAll(async () => {
  await server.shutdown()
  pod.close()
}, 60_000)

function serve(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  socket.once('data', head => {
    if (!/upgrade/i.test(head.toString()))
      return void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nfar')
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    socket.on('data', data => socket.write(data))
  })
}

const path = (port: number) => `/api/v1/namespaces/default/pods/far:${port}/proxy/`

/** Everything that comes over a connection; `talk` is sent once it is upgraded. */
function upgrade(port: number, talk: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const client = connect(listener.port, '127.0.0.1')
  let heard = ''
  client.on('data', data => {
    if (heard === '') client.write(talk)
    heard += data
    if (heard.endsWith(talk)) client.end()
  })
  client.on('close', () => resolve(heard))
  client.write(
    `GET ${path(port)} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ann\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`,
  )
  return promise
}

test('requests to pods and upgrades take the way to the cluster, and say where there is none', async () => {
  const headers = { authorization: 'Bearer ann' }
  const answer = await fetch(`http://127.0.0.1:${listener.port}${path(8080)}`, { headers })
  expect([answer.status, await answer.text()]).toEqual([200, 'far'])
  const talk = `${'hello'.repeat(50_000)}!`
  const heard = await upgrade(9090, talk)
  expect(heard).toStartWith('HTTP/1.1 101 ')
  expect(heard.endsWith(talk)).toBe(true)
  expect(await upgrade(1, 'x')).toContain('error dialing backend: no way to port 1')
  expect(dialed).toEqual(['192.0.2.7:8080', '192.0.2.7:9090', '192.0.2.7:1'])
}, 60_000)

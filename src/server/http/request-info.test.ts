import { afterAll, beforeAll, expect, test } from 'bun:test'
import { startTestServer, type TestServer } from '../testing.ts'
import { parseRequestInfo } from './request-info.ts'

let server: TestServer
let address = ''
beforeAll(async () => {
  server = await startTestServer()
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  address = `http://127.0.0.1:${port}`
}, 120_000)
afterAll(() => server.shutdown(), 120_000)

const read = (path: string) => parseRequestInfo({ method: 'GET', path, query: new URLSearchParams() })

test('slashes around a path do not count, each one in it does', () => {
  expect(read('/api/v1/nodes//')).toMatchObject({ isResourceRequest: true, resource: 'nodes', verb: 'list' })
  expect(read('//api/v1/nodes')).toMatchObject({ isResourceRequest: false })
  expect(read('/api/v1//nodes')).toMatchObject({ resource: '', name: 'nodes' })
  expect(read('/api/v1/namespaces//pods')).toMatchObject({ resource: 'pods', namespace: '', verb: 'list' })
})

test.each([
  ['%2e%2e', "may not be '..'"],
  ['a%2fb', undefined],
  ['a%25b', "may not contain '%'"],
  ['a%25b/status', "may not contain '%'"],
])('a name that is %s in the path is no name', async (name, reason) => {
  // fetch would take the dots away.
  const { promise, resolve } = Promise.withResolvers<string>()
  const { hostname, port } = new URL(address)
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data: (_, data) => resolve(data.toString()),
      open: each =>
        void each.write(
          `GET /api/v1/persistentvolumes/${name} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ann\r\nconnection: close\r\n\r\n`,
        ),
    },
  })
  const answer = await promise
  socket.end()
  expect(answer).toContain(reason === undefined ? ' 404 ' : ' 400 ')
  if (reason !== undefined) expect(answer).toContain(reason)
})

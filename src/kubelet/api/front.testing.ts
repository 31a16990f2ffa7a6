import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FakeTransport } from '../../client/testing.ts'
import type { KubeletApi } from './handlers.ts'
import { refuseUpgrade, serveUpgrade } from './streaming.ts'

const names: Record<string, string> = {
  exec: 'exec',
  attach: 'attach',
  portforward: 'portForward',
  log: 'containerLogs',
}

/** A path of the API server as its kubelet's. */
function toKubelet(url: URL): URL {
  const [, , , , , name, door] = url.pathname.split('/')
  const query = new URLSearchParams(url.search)
  for (const [from, to] of [
    ['stdin', 'input'],
    ['stdout', 'output'],
    ['stderr', 'error'],
  ] as const)
    if (query.get(from) === 'true') query.set(to, '1')
  const tail = door === 'portforward' ? '' : '/main'
  return new URL(`http://kubelet/${names[door ?? '']}/default/${name}${tail}?${query}`)
}

/** The few paths of an API server that kubectl needs, in front of a kubelet. */
export async function apiFront(kubelet: () => KubeletApi, objects: FakeTransport): Promise<Server> {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://front')
    const parts = url.pathname.split('/').slice(1)
    if (parts[5] === 'pods' || parts[4] === 'pods') {
      const name = parts[5]!
      if (parts[6] !== 'log') {
        response.writeHead(200, { 'Content-Type': 'application/json' })
        return response.end(JSON.stringify(objects.object('pods', `default/${name}`)))
      }
      const target = toKubelet(
        new URL(
          `http://front/v1/namespaces/default/pods/${name}/log${url.search}`
            .replace('/v1/', '/api/v1/')
            .replace('/api', ''),
        ),
      )
      const { body } = await kubelet().answer(target.pathname, target.searchParams, {
        method: 'GET',
        signal: new AbortController().signal,
      })
      response.writeHead(200, { 'Content-Type': 'text/plain' })
      if (typeof body === 'string') return response.end(body)
      for await (const piece of body) response.write(piece)
      return response.end()
    }
    const group = parts[0] === 'api' && parts.length === 2
    const list = group
      ? {
          kind: 'APIResourceList',
          apiVersion: 'v1',
          groupVersion: 'v1',
          resources: [
            {
              name: 'pods',
              singularName: 'pod',
              namespaced: true,
              kind: 'Pod',
              verbs: ['get'],
              shortNames: ['po'],
            },
          ],
        }
      : parts[0] === 'api'
        ? { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
        : { kind: 'APIGroupList', apiVersion: 'v1', groups: [] }
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(list))
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const given = new URL(request.url ?? '/', 'http://front')
    const url = toKubelet(new URL(given.href.replace('/api/v1/', '/v1/')))
    serveUpgrade(kubelet(), { request, socket, head, url }).catch(error => refuseUpgrade(socket, error))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return server
}

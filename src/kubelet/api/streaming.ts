import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Session } from '../runtime/runtime.ts'
import { ApiError } from './answer.ts'
import type { KubeletApi } from './handlers.ts'
import { PortForwarder } from './port-forward.ts'
import { serveSession } from './remote-streams.ts'
import { podTarget, streamsProblem, wantedStreams } from './request.ts'
import { type ByteChannel, SpdyConnection } from './spdy/connection.ts'
import { SpdyRemote, type WantedStreams } from './spdy-streams.ts'
import { channelProtocols, tunnelProtocol, websocketChannel, websocketStreams } from './websocket-streams.ts'

export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly url: URL
}

/** The tunnel's name is no token, which the library insists on: it is told this one instead. */
const tunnelToken = 'tunnel'

const websockets = new WebSocketServer({
  noServer: true,
  handleProtocols: offered => {
    const found = [...offered].find(name => name === tunnelToken || Object.hasOwn(channelProtocols, name))
    return found === tunnelToken ? tunnelProtocol : (found ?? false)
  },
})

/** Serves exec, attach and portForward on a connection that asks to become a WebSocket or SPDY/3.1. */
export async function serveUpgrade(api: KubeletApi, upgrade: Upgrade): Promise<void> {
  const { pathname } = upgrade.url
  if (pathname.startsWith('/portForward/')) return servePortForward(api, upgrade)
  if (!pathname.startsWith('/exec/') && !pathname.startsWith('/attach/'))
    throw new ApiError(404, `no streams under ${pathname}`)
  const target = podTarget(pathname, true)
  if (!target) throw new ApiError(400, 'missing namespace, pod or container')
  const streams = wantedStreams(upgrade.url.searchParams)
  const problem = streamsProblem(streams)
  if (problem) throw new ApiError(400, problem)
  const container = await api.running(target)
  const command = upgrade.url.searchParams.getAll('command')
  const { containers } = api.options.runtime
  const begin = () =>
    pathname.startsWith('/exec/')
      ? containers.exec(container.id, { ...streams, command })
      : containers.attach(container.id, streams)
  if (isWebsocket(upgrade)) return overWebsocket(upgrade, streams, begin)
  return overSpdy(upgrade, streams, begin)
}

function isWebsocket({ request }: Upgrade): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket'
}

async function overWebsocket(
  upgrade: Upgrade,
  streams: WantedStreams,
  begin: () => Promise<Session>,
): Promise<void> {
  const offered = protocolsOf(upgrade)
  const known = Object.keys(channelProtocols)
  if (!offered.some(name => known.includes(name)))
    throw new ApiError(
      400,
      `unable to upgrade: none of the protocols ${offered.join(', ')} is supported, use ${known.slice(0, 2).join(' or ')}`,
    )
  // Started first, so that a command that cannot run is refused with a plain answer.
  const session = await begin()
  await serveSession(session, websocketStreams(await accept(upgrade), streams.stdin))
}

const remoteCommandVersions = ['v4.channel.k8s.io']

async function overSpdy(
  upgrade: Upgrade,
  streams: WantedStreams,
  begin: () => Promise<Session>,
): Promise<void> {
  const version = negotiate(upgrade, remoteCommandVersions)
  const session = await begin()
  const remote = new SpdyRemote(streams)
  const connection = switchToSpdy(upgrade, version, stream => remote.add(stream))
  await serveSession(session, await remote.ready(connection))
}

async function servePortForward(api: KubeletApi, upgrade: Upgrade): Promise<void> {
  const target = podTarget(upgrade.url.pathname, false)
  if (!target) throw new ApiError(400, 'missing namespace or pod')
  const { ips, ended } = api.pod(target)
  if (ended || !ips?.[0])
    throw new ApiError(500, `unable to do port forwarding: pod ${target.pod} is not running`)
  const forwarder = new PortForwarder({ host: ips[0], pod: `${target.pod}_${target.namespace}` })
  if (!isWebsocket(upgrade)) {
    const connection = switchToSpdy(upgrade, negotiate(upgrade, ['portforward.k8s.io']), stream =>
      forwarder.add(stream),
    )
    return connection.closed
  }
  if (!protocolsOf(upgrade).includes(tunnelProtocol))
    throw new ApiError(400, `port-forward over WebSocket needs the protocol ${tunnelProtocol}`)
  const socket = await accept(upgrade)
  const connection = new SpdyConnection(websocketChannel(socket), stream => forwarder.add(stream))
  socket.on('message', (bytes: Buffer) => connection.receive(bytes))
  socket.on('close', () => connection.close())
  socket.on('error', () => connection.close())
  return connection.closed
}

function protocolsOf({ request }: Upgrade): string[] {
  return (request.headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim())
}

function accept({ request, socket, head }: Upgrade): Promise<WebSocket> {
  const { headers } = request
  const offered = headers['sec-websocket-protocol']
  if (offered) headers['sec-websocket-protocol'] = offered.replaceAll(tunnelProtocol, tunnelToken)
  return new Promise(resolve => websockets.handleUpgrade(request, socket, head, resolve))
}

/** The first version of ours that the client offers in X-Stream-Protocol-Version. */
function negotiate({ request }: Upgrade, supported: readonly string[]): string {
  const header = request.headers['x-stream-protocol-version'] ?? ''
  const offered = (Array.isArray(header) ? header.join(',') : header).split(',').map(name => name.trim())
  const version = supported.find(name => offered.includes(name))
  if (!version)
    throw new ApiError(
      403,
      `unable to upgrade: unable to negotiate protocol: client supports ${offered.join(', ')}, server accepts ${supported.join(', ')}`,
    )
  return version
}

function switchToSpdy(
  { socket, head }: Upgrade,
  version: string,
  onStream: ConstructorParameters<typeof SpdyConnection>[1],
): SpdyConnection {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${version}\r\n\r\n`,
  )
  const connection = new SpdyConnection(socketChannel(socket), onStream)
  socket.on('data', (bytes: Buffer) => connection.receive(bytes))
  for (const event of ['end', 'close', 'error']) socket.on(event, () => connection.close())
  if (head.length > 0) connection.receive(head)
  return connection
}

function socketChannel(socket: Duplex): ByteChannel {
  return {
    async write(bytes) {
      if (socket.destroyed || socket.writableEnded) return
      if (!socket.write(bytes))
        await new Promise(resolve => socket.once('drain', resolve).once('close', resolve))
    },
    close: () => void socket.end(),
  }
}

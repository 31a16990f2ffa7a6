import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { messageOf } from '../../std/message.ts'
import type { Session } from '../runtime/runtime.ts'
import { ApiError } from './answer.ts'
import { attachFromStart } from './first-attach.ts'
import type { KubeletApi } from './handlers.ts'
import { PortForwarder } from './port-forward.ts'
import { serveSession } from './remote-streams.ts'
import { type PodTarget, podTarget, streamsProblem, wantedStreams } from './request.ts'
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
  return isWebsocket(upgrade) ? overWebsocket(api, upgrade) : overSpdy(api, upgrade)
}

/** Says in plain text why a connection does not become a stream, and closes it. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const code = error instanceof ApiError ? error.code : 500
  const body = messageOf(error)
  socket.end(
    `HTTP/1.1 ${code} ${code === 404 ? 'Not Found' : 'Refused'}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

interface Joining {
  readonly streams: WantedStreams
  readonly begin: () => Promise<Session>
}

/** What exec or attach asks for. An `ApiError` says, in upstream's words, why there is nothing to join. */
async function joining(api: KubeletApi, { url }: Upgrade): Promise<Joining> {
  const { pathname, searchParams } = url
  const target = podTarget(pathname, true)
  if (!target) throw new ApiError(400, 'missing namespace, pod or container')
  const streams = wantedStreams(searchParams)
  const problem = streamsProblem(streams)
  if (problem) throw new ApiError(400, problem)
  if (pathname.startsWith('/exec/')) {
    const { id } = await api.running(target)
    const command = searchParams.getAll('command')
    const begin = () => api.options.runtime.containers.exec(id, { ...streams, command })
    return { streams, begin: saying('error executing command in container', begin) }
  }
  return { streams, begin: saying('error attaching to container', await attaching(api, target, streams)) }
}

/** The first who attaches to a container for one client gets all that it says, also when it has ended meanwhile. */
async function attaching(
  api: KubeletApi,
  target: PodTarget,
  streams: WantedStreams,
): Promise<() => Promise<Session>> {
  const { containers } = api.options.runtime
  const absent = `container ${target.container} not found in pod ${target.pod}_${target.namespace}`
  const running = () => api.running(target, absent)
  const newest = await api.newest(target)
  if (!newest || newest.state === 'created' || !api.attachesFirst(target, newest.id)) {
    const { id } = await running()
    return () => containers.attach(id, streams)
  }
  const attach = async () => containers.attach((await running()).id, streams)
  return () => attachFromStart(() => api.newest(target), streams, attach)
}

function saying(what: string, begin: () => Promise<Session>): () => Promise<Session> {
  return () =>
    begin().catch(error => {
      throw new Error(`${what}: ${messageOf(error)}`, { cause: error })
    })
}

function isWebsocket({ request }: Upgrade): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket'
}

/**
 * A WebSocket is always accepted, and why nothing can be joined is told on it: clients of theirs do not see the body of a
 * refusal (upstream's API server translates so).
 */
async function overWebsocket(api: KubeletApi, upgrade: Upgrade): Promise<void> {
  const offered = protocolsOf(upgrade)
  const known = Object.keys(channelProtocols)
  if (!offered.some(name => known.includes(name)))
    throw new ApiError(
      400,
      `unable to upgrade: none of the protocols ${offered.join(', ')} is supported, use ${known.slice(0, 2).join(' or ')}`,
    )
  const found = await joining(api, upgrade).catch((error: unknown): Joining => {
    if (!(error instanceof ApiError)) throw error
    return { streams: noStreams, begin: () => Promise.reject(new Error(`${notUpgraded}: ${error.message}`)) }
  })
  const remote = websocketStreams(await accept(upgrade), found.streams.stdin)
  await serveSession(found.begin, remote, api.options.ports.log)
}

const notUpgraded = 'unable to upgrade connection'
const noStreams: WantedStreams = { stdin: false, stdout: false, stderr: false, tty: false }
const remoteCommandVersions = ['v4.channel.k8s.io']

async function overSpdy(api: KubeletApi, upgrade: Upgrade): Promise<void> {
  const version = negotiate(upgrade, remoteCommandVersions)
  const { streams, begin } = await joining(api, upgrade)
  const remote = new SpdyRemote(streams)
  const connection = switchToSpdy(upgrade, version, stream => remote.add(stream))
  await serveSession(begin, await remote.ready(connection), api.options.ports.log)
}

async function servePortForward(api: KubeletApi, upgrade: Upgrade): Promise<void> {
  const target = podTarget(upgrade.url.pathname, false)
  if (!target) throw new ApiError(400, 'missing namespace or pod')
  const { ips, ended } = api.pod(target)
  if (ended || !ips?.[0]) throw new ApiError(500, `pod not found ("${target.pod}_${target.namespace}")`)
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

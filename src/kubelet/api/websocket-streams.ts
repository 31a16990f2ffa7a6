import type { WebSocket } from 'ws'
import { ByteQueue } from './byte-queue.ts'
import type { RemoteStreams } from './remote-streams.ts'
import type { ByteChannel } from './spdy/connection.ts'

/** Protocols of exec and attach over WebSocket, the newest first. v5 can close stdin (KEP-4006). */
export const channelProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const
/** Port-forward: a SPDY connection inside a WebSocket. */
export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io'

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** The first byte of every message names its channel. */
export function websocketStreams(socket: WebSocket, hasStdin: boolean): RemoteStreams {
  const stdin = new ByteQueue()
  const gone = Promise.withResolvers<void>()
  let resized: ((columns: number, rows: number) => void) | undefined
  socket.on('message', (message: Buffer) => {
    const data = Buffer.from(message)
    const body = data.subarray(1)
    if (data[0] === channels.stdin) stdin.push(body)
    else if (data[0] === channels.resize) resize(body, resized)
    else if (data[0] === channels.close && body[0] === channels.stdin) stdin.end()
  })
  const over = () => {
    stdin.end()
    gone.resolve()
  }
  socket.on('close', over)
  socket.on('error', over)
  const send = (channel: number, data: Uint8Array) =>
    sendBytes(socket, Buffer.concat([Buffer.of(channel), data]))
  return {
    stdin: hasStdin ? stdin : undefined,
    onResize: listener => {
      resized = listener
    },
    write: (stream, data) => send(channels[stream], data),
    async finish(status) {
      await send(channels.error, Buffer.from(status))
      socket.close(1000)
    },
    gone: gone.promise,
  }
}

/** A terminal's size comes as `{"Width":80,"Height":24}`. */
export function resize(
  body: Uint8Array,
  listener: ((columns: number, rows: number) => void) | undefined,
): void {
  const match = /"Width":\s*(\d+).*"Height":\s*(\d+)/s.exec(Buffer.from(body).toString())
  if (match) listener?.(Number(match[1]), Number(match[2]))
}

/** Makes a WebSocket carry plain bytes. */
export function websocketChannel(socket: WebSocket): ByteChannel {
  return { write: bytes => sendBytes(socket, bytes), close: () => socket.close(1000) }
}

function sendBytes(socket: WebSocket, bytes: Uint8Array): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve()
  return new Promise(resolve => socket.send(bytes, { binary: true }, () => resolve()))
}

import type { WebSocket } from 'ws'
import { ByteQueue } from './byte-queue.ts'
import type { RemoteStreams } from './remote-streams.ts'
import type { ByteChannel } from './spdy/connection.ts'

interface ChannelProtocol {
  /** Messages are text: the channel's digit, then base64. */
  readonly base64: boolean
  /** How it ended is said as a Status (v4 on); before, only a failure is said, in words. */
  readonly status: boolean
}

/** Protocols of exec and attach over WebSocket (upstream cri/streaming/remotecommand). v5 can close stdin (KEP-4006). */
export const channelProtocols: Readonly<Record<string, ChannelProtocol>> = {
  'v5.channel.k8s.io': { base64: false, status: true },
  'v4.channel.k8s.io': { base64: false, status: true },
  'v4.base64.channel.k8s.io': { base64: true, status: true },
  'channel.k8s.io': { base64: false, status: false },
  'base64.channel.k8s.io': { base64: true, status: false },
  '': { base64: false, status: false },
}
/** Port-forward: a SPDY connection inside a WebSocket. */
export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io'

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** Every message begins with its channel: a byte, or a digit before base64. */
export function websocketStreams(socket: WebSocket, hasStdin: boolean): RemoteStreams {
  const { base64, status } = channelProtocols[socket.protocol]!
  const stdin = new ByteQueue()
  const gone = Promise.withResolvers<void>()
  let resized: ((columns: number, rows: number) => void) | undefined
  let lastSize: Buffer | undefined
  socket.on('message', (message: Buffer) => {
    const { channel, body } = base64 ? fromBase64(message) : { channel: message[0], body: bodyOf(message) }
    if (channel === channels.stdin) stdin.push(body)
    else if (channel === channels.resize) {
      lastSize = body
      resize(body, resized)
    } else if (channel === channels.close && body[0] === channels.stdin) stdin.end()
  })
  const over = () => {
    stdin.end()
    gone.resolve()
  }
  socket.on('close', over)
  socket.on('error', over)
  const send = (channel: number, data: Uint8Array) =>
    base64
      ? sendMessage(socket, `${channel}${Buffer.from(data).toString('base64')}`)
      : sendMessage(socket, Buffer.concat([Buffer.of(channel), data]))
  return {
    stdin: hasStdin ? stdin : undefined,
    onResize: listener => {
      resized = listener
      if (lastSize) resize(lastSize, resized)
    },
    write: (stream, data) => send(channels[stream], data),
    async finish(ended) {
      const words = status ? ended : failureOf(ended)
      if (words) await send(channels.error, Buffer.from(words))
      socket.close(1000)
    },
    gone: gone.promise,
  }
}

function bodyOf(message: Buffer): Buffer {
  return Buffer.from(message).subarray(1)
}

function fromBase64(message: Buffer) {
  const text = message.toString()
  return { channel: Number(text[0]), body: Buffer.from(text.slice(1), 'base64') }
}

/** The message of a Status that is no success. */
function failureOf(ended: string): string {
  return (JSON.parse(ended) as { readonly message?: string }).message ?? ''
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
  return { write: bytes => sendMessage(socket, bytes), close: () => socket.close(1000) }
}

function sendMessage(socket: WebSocket, message: Uint8Array | string): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve()
  return new Promise(resolve => socket.send(message, () => resolve()))
}

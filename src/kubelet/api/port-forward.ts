import { connect } from 'node:net'
import { messageOf } from '../../std/message.ts'
import type { SpdyStream } from './spdy/connection.ts'

export interface PortTarget {
  readonly host: string
  /** For messages: `<pod>_<namespace>`. */
  readonly pod: string
}

/** Pairs the streams of port-forward: each request has one for data and one for what went wrong. */
export class PortForwarder {
  readonly #target: PortTarget
  readonly #pairs = new Map<string, { data?: SpdyStream; error?: SpdyStream }>()

  constructor(target: PortTarget) {
    this.#target = target
  }

  add(stream: SpdyStream): void {
    const request = stream.headers.get('requestid') ?? stream.headers.get('port') ?? ''
    const type = stream.headers.get('streamtype') === 'error' ? 'error' : 'data'
    const pair = this.#pairs.get(request) ?? {}
    pair[type] = stream
    this.#pairs.set(request, pair)
    if (!pair.data || !pair.error) return
    this.#pairs.delete(request)
    void this.#forward(pair.data, pair.error)
  }

  async #forward(data: SpdyStream, error: SpdyStream): Promise<void> {
    const port = Number(data.headers.get('port'))
    try {
      await join(data, this.#target.host, port)
    } catch (problem) {
      const text = `an error occurred forwarding ${port} -> ${port}: error forwarding port ${port} to pod ${this.#target.pod}: ${messageOf(problem)}`
      await error.write(Buffer.from(text))
    }
    await error.end()
    await data.end()
  }
}

/** Copies both ways until both sides are done. */
async function join(stream: SpdyStream, host: string, port: number): Promise<void> {
  const socket = connect({ host, port, allowHalfOpen: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => socket.destroy())
  const upward = async () => {
    for await (const piece of stream.input) {
      if (socket.destroyed) return
      if (!socket.write(piece))
        await new Promise(resolve => socket.once('drain', resolve).once('close', resolve))
    }
    socket.end()
  }
  const sending = upward()
  for await (const piece of socket) await stream.write(piece as Uint8Array)
  // The service has closed: nothing that the client still sends is of use to it.
  await Promise.race([sending, new Promise(resolve => socket.once('close', resolve))])
}

import { ByteQueue } from '../byte-queue.ts'
import { type Frame, takeFrames, writeFrame } from './frames.ts'
import { createHeaderCodec, type Headers } from './headers.ts'

/** What carries a SPDY connection: a socket, or a WebSocket tunnel. */
export interface ByteChannel {
  /** Resolves when more may be written. */
  write(bytes: Uint8Array): Promise<void>
  close(): void
}

export interface SpdyStream {
  readonly id: number
  readonly headers: Headers
  /** What the other side sends, until it finishes. */
  readonly input: AsyncIterable<Uint8Array>
  write(data: Uint8Array): Promise<void>
  /** Finishes our side; writing is over. */
  end(): Promise<void>
  /** Cancels both sides. */
  reset(): Promise<void>
}

const dataMaxBytes = 32 * 1024
const resetCancel = 5
/** exec has five; a port-forward two for each connection. */
const streamsMax = 1_000

/** The server's side of a SPDY/3.1 connection: the client opens streams, each is answered and handed over. */
export class SpdyConnection {
  readonly #channel: ByteChannel
  readonly #onStream: (stream: SpdyStream) => void
  readonly #codec = createHeaderCodec()
  readonly #inputs = new Map<number, ByteQueue>()
  #rest: Buffer = Buffer.alloc(0)
  #isClosed = false
  #work: Promise<void> = Promise.resolve()
  readonly #closed = Promise.withResolvers<void>()

  constructor(channel: ByteChannel, onStream: (stream: SpdyStream) => void) {
    this.#channel = channel
    this.#onStream = onStream
  }

  /** Resolves when the connection is over. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /** Bytes from the client, in order. */
  receive(bytes: Uint8Array): void {
    this.#work = this.#work.then(async () => {
      if (this.#isClosed) return
      try {
        const { frames, rest } = takeFrames(Buffer.concat([this.#rest, bytes]))
        this.#rest = rest
        for (const frame of frames) if (!this.#isClosed) await this.#handle(frame)
      } catch {
        // Not SPDY: nothing that follows can be understood.
        this.close()
      }
    })
  }

  /** Resolves when what was received up to now is handled. */
  settled(): Promise<void> {
    return this.#work
  }

  close(): void {
    this.#isClosed = true
    this.#rest = Buffer.alloc(0)
    for (const input of this.#inputs.values()) input.end()
    this.#inputs.clear()
    this.#channel.close()
    this.#closed.resolve()
  }

  async #handle(frame: Frame): Promise<void> {
    if (frame.type === 'synStream') return this.#open(frame)
    if (frame.type === 'ping') return this.#channel.write(writeFrame(frame))
    if (frame.type === 'goAway') return this.close()
    if (frame.type === 'data') {
      this.#inputs.get(frame.streamId)?.push(frame.data)
      if (frame.fin) this.#inputs.get(frame.streamId)?.end()
    }
    if (frame.type === 'rstStream') {
      this.#inputs.get(frame.streamId)?.end()
      this.#inputs.delete(frame.streamId)
    }
  }

  async #open({ streamId, fin, headers: block }: Extract<Frame, { type: 'synStream' }>): Promise<void> {
    if (this.#inputs.size >= streamsMax) throw new Error('too many streams')
    const headers = await this.#codec.decode(block)
    const input = new ByteQueue()
    if (fin) input.end()
    this.#inputs.set(streamId, input)
    const reply = await this.#codec.encode(new Map())
    await this.#channel.write(writeFrame({ type: 'synReply', streamId, fin: false, headers: reply }))
    this.#onStream(this.#stream(streamId, headers, input))
  }

  #stream(id: number, headers: Headers, input: ByteQueue): SpdyStream {
    const send = (data: Uint8Array, fin: boolean) =>
      this.#channel.write(writeFrame({ type: 'data', streamId: id, fin, data }))
    return {
      id,
      headers,
      input,
      async write(data) {
        for (let start = 0; start < data.length; start += dataMaxBytes)
          await send(data.subarray(start, start + dataMaxBytes), false)
      },
      end: () => send(new Uint8Array(), true),
      reset: async () => {
        input.end()
        this.#inputs.delete(id)
        await this.#channel.write(writeFrame({ type: 'rstStream', streamId: id, status: resetCancel }))
      },
    }
  }
}

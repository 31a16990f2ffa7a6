import type { OutgoingHttpHeaders } from 'node:http'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Asked, Reply } from './exchange.ts'

/**
 * A request as its HTTP/2 stream brings it. The classes that node has for programs written for HTTP/1 put a second
 * stream, a proxy and a dozen listeners around each request, which cost more than what is done for a small one.
 */
export class StreamRequest implements Asked {
  readonly httpVersionMajor = 2
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: string[]

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _options: unknown, raw: string[]) {
    this.stream = stream
    this.headers = headers
    this.rawHeaders = raw
    // A stream that breaks tells so by 'aborted' and 'close'; without a listener the error would end the process.
    stream.on('error', ignore)
  }

  get method(): string {
    return this.headers[':method'] ?? ''
  }

  get url(): string {
    return this.headers[':path'] ?? ''
  }

  get destroyed(): boolean {
    return this.stream.destroyed
  }

  get socket(): object | undefined {
    return this.stream.session?.socket
  }

  on(event: string, listener: (argument: never) => void): void {
    this.stream.on(event, listener as () => void)
  }
}

function ignore(): void {
  // See the constructor of `StreamRequest`.
}

/** The way back on an HTTP/2 stream; see `StreamRequest`. */
export class StreamResponse implements Reply {
  readonly #stream: ServerHttp2Stream
  /** For what the HTTP/2 server itself answers, without asking the front. */
  statusCode = 200

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream
  }

  get destroyed(): boolean {
    return this.#stream.destroyed
  }

  get writableEnded(): boolean {
    return this.#stream.writableEnded
  }

  get writableLength(): number {
    return this.#stream.writableLength
  }

  get writableNeedDrain(): boolean {
    return this.#stream.writableNeedDrain
  }

  writeHead(status: number, headers: OutgoingHttpHeaders): void {
    if (this.#isOver()) return
    this.#stream.respond({ ...headers, ':status': status })
  }

  /** An HTTP/2 client that asks for it is told to go on. */
  writeContinue(): void {
    if (!this.#isOver()) this.#stream.additionalHeaders({ ':status': 100 })
  }

  flushHeaders(): void {
    // `respond` has sent them.
  }

  write(chunk: Uint8Array | string): boolean {
    return this.#isOver() || this.#stream.write(chunk)
  }

  end(chunk?: Uint8Array | string): void {
    if (this.#isOver()) return
    if (!this.#stream.headersSent) this.writeHead(this.statusCode, {})
    if (chunk === undefined || chunk.length === 0) this.#stream.end()
    else this.#stream.end(chunk)
  }

  destroy(): void {
    this.#stream.destroy()
  }

  on(event: 'close', listener: () => void): void {
    this.#stream.on(event, listener)
  }

  once(event: 'drain', listener: () => void): void {
    this.#stream.once(event, listener)
  }

  #isOver(): boolean {
    return this.#stream.destroyed || this.#stream.closed || this.#stream.writableEnded
  }
}

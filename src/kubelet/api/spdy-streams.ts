import type { RemoteStreams } from './remote-streams.ts'
import type { SpdyConnection, SpdyStream } from './spdy/connection.ts'
import { resize } from './websocket-streams.ts'

/** Which streams a client opens for one exec or attach. */
export interface WantedStreams {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** Collects the streams of an exec or attach; complete when each that was announced is open. */
export class SpdyRemote {
  readonly #wanted: ReadonlySet<string>
  readonly #streams = new Map<string, SpdyStream>()
  readonly #complete = Promise.withResolvers<void>()

  constructor({ stdin, stdout, stderr, tty }: WantedStreams) {
    const names = { error: true, stdin, stdout, stderr: stderr && !tty, resize: tty }
    this.#wanted = new Set(Object.entries(names).flatMap(([name, on]) => (on ? [name] : [])))
  }

  add(stream: SpdyStream): void {
    this.#streams.set(stream.headers.get('streamtype') ?? '', stream)
    if ([...this.#wanted].every(name => this.#streams.has(name))) this.#complete.resolve()
  }

  /** Resolves when all streams are there, or the connection is over. */
  async ready(connection: SpdyConnection): Promise<RemoteStreams> {
    await Promise.race([this.#complete.promise, connection.closed])
    const streams = this.#streams
    return {
      stdin: streams.get('stdin')?.input,
      onResize: listener => void followSize(streams.get('resize'), listener),
      write: async (name, data) => streams.get(name)?.write(data),
      async finish(status) {
        await streams.get('error')?.write(Buffer.from(status))
        for (const stream of streams.values()) await stream.end()
        connection.close()
      },
      gone: connection.closed,
    }
  }
}

async function followSize(
  stream: SpdyStream | undefined,
  listener: (columns: number, rows: number) => void,
): Promise<void> {
  if (!stream) return
  for await (const piece of stream.input) resize(piece, listener)
}

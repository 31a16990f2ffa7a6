import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'

/** What the front needs of a request: node's own classes have it, `StreamRequest` has it for HTTP/2. */
export interface Asked
  extends Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders' | 'httpVersionMajor'> {
  readonly socket: object | undefined
  /** The client is gone, and so is what it had not sent yet. */
  readonly destroyed: boolean
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end' | 'aborted', listener: () => void): unknown
}

/** What the front needs of the way back. */
export interface Reply {
  readonly destroyed: boolean
  readonly writableEnded: boolean
  /** Bytes that wait for the client. */
  readonly writableLength: number
  readonly writableNeedDrain: boolean
  writeHead(status: number, headers: OutgoingHttpHeaders): unknown
  flushHeaders(): void
  /** False when it is better to wait for 'drain'. */
  write(chunk: Uint8Array | string): boolean
  end(chunk?: Uint8Array | string): unknown
  destroy(): unknown
  on(event: 'close', listener: () => void): unknown
  once(event: 'drain', listener: () => void): unknown
}

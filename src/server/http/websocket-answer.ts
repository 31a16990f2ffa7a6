import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { badRequest } from '../../machinery/status/errors.ts'
import type { RawResponse } from '../context.ts'

/** Subprotocols and whether a message is text in base64 (upstream streaming/wsstream NewDefaultReaderProtocols). */
const protocols: Readonly<Record<string, boolean>> = {
  '': false,
  'binary.k8s.io': false,
  'base64.binary.k8s.io': true,
}

/** Whether an upgrade asks for a WebSocket. */
export function asksForWebsocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

/** Sends a plain answer (the log of a container) as messages of a WebSocket, which closes where the answer ends. */
export async function answerOverWebsocket(
  request: IncomingMessage,
  { client, head }: { readonly client: Socket; readonly head: Buffer },
  { body }: RawResponse,
): Promise<void> {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim())
  const protocol = offered.find(name => Object.hasOwn(protocols, name))
  if (protocol === undefined)
    throw badRequest(`requested protocol(s) are not supported: [${offered.join(' ')}]`)
  // Loaded when it is first needed: an idle server does without.
  const { WebSocketServer } = await import('ws')
  const server = new WebSocketServer({ noServer: true, handleProtocols: () => protocol || false })
  const socket = await new Promise<WebSocket>(resolve => server.handleUpgrade(request, client, head, resolve))
  // What the client sends is not read, however broken: its WebSocket has closed then.
  socket.on('error', () => socket.terminate())
  const text = protocols[protocol]
  for await (const piece of pieces(body)) {
    if (socket.readyState !== socket.OPEN) return
    const message = text ? Buffer.from(piece).toString('base64') : piece
    await new Promise(resolve => socket.send(message, resolve))
  }
  socket.close(1000)
}

function pieces(body: RawResponse['body']): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (body instanceof ReadableStream) return body
  return [typeof body === 'string' ? Buffer.from(body) : body]
}

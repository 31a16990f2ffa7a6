/** HTTP/1 without a client in between: bytes to a server, and what comes back, message by message. */
import { connect } from 'node:tls'
import type { Door } from './side.ts'

/** One message as it came. Names of headers are in small letters. */
export interface Message {
  readonly line: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const patienceMs = 10_000

/** Sends `pieces` one after the other over a new connection and answers all that comes until the server ends it. */
export async function exchange(door: Door, pieces: readonly string[]): Promise<readonly Message[]> {
  const { hostname, port } = new URL(door.server)
  const { server: _, ...tls } = door
  const chunks: Buffer[] = []
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(
    { host: hostname, port: Number(port), ...tls, ALPNProtocols: ['http/1.1'] },
    () => void send(),
  )
  const send = async () => {
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) await Bun.sleep(pieceEveryMs)
      if (!socket.destroyed) socket.write(Buffer.from(piece, 'latin1'))
    }
  }
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('close', () => resolve(true))
  socket.on('error', () => resolve(true))
  const timer = setTimeout(() => resolve(false), patienceMs)
  const isEnded = await promise
  clearTimeout(timer)
  socket.destroy()
  const isHead = pieces[0]!.startsWith('HEAD')
  const messages = messagesOf(Buffer.concat(chunks).toString('latin1'), isHead)
  return isEnded ? messages : [...messages, { line: 'the connection stays open', headers: {}, body: '' }]
}

/** Between two pieces: they come to the server as two. */
const pieceEveryMs = 100

/** `isHead`: the first one says how long its body would be. */
function messagesOf(text: string, isHead: boolean): Message[] {
  const messages: Message[] = []
  let rest = text
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return [...messages, { line: 'no message', headers: {}, body: rest }]
    const [line = '', ...fields] = rest.slice(0, end).split('\r\n')
    const headers = Object.fromEntries(
      fields.map(field => {
        const colon = field.indexOf(':')
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
      }),
    )
    const hasBody = !(isHead && messages.length === 0)
    const { body, length } = hasBody ? bodyOf(line, headers, rest.slice(end + 4)) : { body: '', length: 0 }
    messages.push({ line, headers, body })
    rest = rest.slice(end + 4 + length)
  }
  return messages
}

function bodyOf(line: string, headers: Readonly<Record<string, string>>, rest: string) {
  if (/^HTTP\/1\.[01] (?:1|204|304)/.test(line)) return { body: '', length: 0 }
  if (headers['transfer-encoding'] === 'chunked') return chunked(rest)
  const length = headers['content-length'] === undefined ? rest.length : Number(headers['content-length'])
  return { body: rest.slice(0, length), length }
}

function chunked(rest: string): { body: string; length: number } {
  let body = ''
  let at = 0
  for (;;) {
    const end = rest.indexOf('\r\n', at)
    const size = Number.parseInt(rest.slice(at, end), 16)
    if (end < 0 || Number.isNaN(size)) return { body, length: rest.length }
    body += rest.slice(end + 2, end + 2 + size)
    at = end + 2 + size + 2
    if (size === 0) return { body, length: at }
  }
}

import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { joinHostPort } from '../../std/host-port.ts'

/** Where a proxy listens: at a socket of this machine, or at an address, with TLS or without. */
export type ProxyPlace =
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly tls?: ConnectionOptions }

/** Connects to a proxy. */
export function connectProxy(place: ProxyPlace): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const { tls, ...to } = { tls: undefined, ...place }
  const made: Socket = tls
    ? connectTls({ ...to, ...(tls as ConnectionOptions) }, () => resolve(made))
    : connectTcp(to, () => resolve(made))
  made.once('error', reject)
  return promise
}

const headerBytesMax = 1 << 20
const end = Buffer.from('\r\n\r\n')

/**
 * Asks the proxy at the other end of `socket` for a connection to a place, whose end of it must not speak first. Rejects in
 * upstream's words.
 */
export async function tunnelThrough(socket: Socket, proxy: string, to: string): Promise<Socket> {
  const head = headOf(socket).catch(error => {
    socket.destroy()
    const why = (error as Error).message
    throw new Error(`reading HTTP response from CONNECT to ${to} via proxy ${proxy} failed: ${why}`)
  })
  socket.write(`CONNECT ${to} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
  const { text, rest } = await head
  const [, code = '', status = ''] = /^HTTP\/\d\.\d ((\d{3})[^\r]*)/.exec(text) ?? []
  const fail = (what: string) => {
    socket.destroy()
    throw new Error(what)
  }
  if (status !== '200') fail(`proxy error from ${proxy} while dialing ${to}, code ${Number(status)}: ${code}`)
  if (rest > 0) fail(`unexpected ${rest} bytes of buffered data from CONNECT proxy ${JSON.stringify(proxy)}`)
  return socket
}

/** Who is asked by which name: upstream's words for a proxy. */
export function nameOf(place: ProxyPlace): string {
  return 'path' in place ? place.path : joinHostPort(place.host, place.port)
}

/** The head of the answer, and how many bytes came behind it. */
function headOf(socket: Socket): Promise<{ readonly text: string; readonly rest: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ text: string; rest: number }>()
  let seen: Buffer = Buffer.alloc(0)
  const take = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk])
    const found = seen.indexOf(end)
    if (found < 0 && seen.length > headerBytesMax) reject(new Error('the head is too large'))
    if (found < 0) return
    resolve({ text: seen.toString('latin1', 0, found), rest: seen.length - found - end.length })
  }
  const gone = () => reject(new Error('unexpected EOF'))
  socket.on('data', take)
  socket.once('close', gone)
  socket.once('error', reject)
  return promise.finally(() => {
    socket.off('data', take)
    socket.off('close', gone)
    socket.off('error', reject)
  })
}

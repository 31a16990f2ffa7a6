import type { TLSSocket } from 'node:tls'
import { bearerToken } from '../../std/bearer-token.ts'
import type { Credential } from '../context.ts'
import { memo } from '../rest/memo.ts'
import type { Asked } from './exchange.ts'

/** The other end of a connection. */
export interface Peer {
  /** What it showed when the connection was made. */
  readonly shown: Credential
  /** Its IP address; empty when it is gone. */
  readonly address: string
  readonly port: number
}

const anonymous: Credential = { kind: 'anonymous' }
const byConnection = new WeakMap<object, Peer>()

/** Who sends a request; looked at once for each connection. */
export function peerOf(request: Asked): Peer {
  return memo(byConnection, connectionOf(request), () => {
    const socket = (request.socket ?? {}) as Partial<TLSSocket> & object
    return { shown: certificateOf(socket), address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
  })
}

/** HTTP/2 wraps the socket anew for every request; the session stays. */
export function connectionOf(request: Asked): object {
  const { stream } = request as { stream?: { session?: object } }
  return stream?.session ?? request.socket ?? request
}

/** A verified client certificate goes before a bearer token, as upstream orders its authenticators. */
export function credentialOf({ shown }: Peer, headers: Readonly<Record<string, string>>): Credential {
  const token = bearerOf(headers)
  if (token === undefined) return shown
  return shown.kind === 'certificate' ? { ...shown, token } : { kind: 'bearer', token }
}

function certificateOf(socket: Partial<TLSSocket>): Credential {
  const certificate = socket.getPeerCertificate?.()
  const subject = certificate?.subject as { CN?: string; O?: string | string[] } | undefined
  if (!certificate || !subject || !certificate.raw) return anonymous
  if (!isTrusted(socket))
    return { kind: 'rejected', reason: String(socket.authorizationError ?? 'unverified') }
  const organizations = subject.O === undefined ? [] : [subject.O].flat()
  return {
    kind: 'certificate',
    certificate: { commonName: subject.CN ?? '', organizations, raw: new Uint8Array(certificate.raw) },
  }
}

/** What a certificate may be used for is looked at again by whom it is shown to; OpenSSL takes any use for none. */
function isTrusted({ authorized, authorizationError }: Partial<TLSSocket>): boolean {
  const { code } = (authorizationError ?? {}) as { code?: string }
  return authorized === true || code === 'INVALID_PURPOSE' || String(authorizationError) === 'INVALID_PURPOSE'
}

const protocolPrefix = 'base64url.bearer.authorization.k8s.io.'

/** `Authorization: Bearer`, or the WebSocket subprotocol that browsers use instead (upstream's websocket authenticator). */
function bearerOf(headers: Readonly<Record<string, string>>): string | undefined {
  const { authorization, 'sec-websocket-protocol': protocols } = headers
  const token = bearerToken(authorization)
  if (token !== undefined) return token
  const offered = protocols?.split(',').map(part => part.trim()) ?? []
  const encoded = offered.find(protocol => protocol.startsWith(protocolPrefix))
  return encoded && Buffer.from(encoded.slice(protocolPrefix.length), 'base64url').toString()
}

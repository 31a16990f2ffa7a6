import type { IncomingHttpHeaders } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Credential } from '../context.ts'
import { memo } from '../rest/memo.ts'

const anonymous: Credential = { kind: 'anonymous' }
const byConnection = new WeakMap<object, Credential>()

/**
 * A verified client certificate goes before a bearer token, as upstream orders its authenticators. Certificates are
 * read once for each `connection`.
 */
export function credentialOf(
  socket: Partial<TLSSocket> & object,
  headers: IncomingHttpHeaders,
  connection: object = socket,
): Credential {
  const shown = memo(byConnection, connection, () => certificateOf(socket))
  if (shown.kind === 'certificate') return shown
  const token = bearerOf(headers)
  return token === undefined ? shown : { kind: 'bearer', token }
}

function certificateOf(socket: Partial<TLSSocket>): Credential {
  const certificate = socket.getPeerCertificate?.()
  const subject = certificate?.subject as { CN?: string; O?: string | string[] } | undefined
  if (!certificate || !subject || !certificate.raw) return anonymous
  if (!socket.authorized)
    return { kind: 'rejected', reason: String(socket.authorizationError ?? 'unverified') }
  const organizations = subject.O === undefined ? [] : [subject.O].flat()
  return {
    kind: 'certificate',
    certificate: { commonName: subject.CN ?? '', organizations, raw: new Uint8Array(certificate.raw) },
  }
}

const protocolPrefix = 'base64url.bearer.authorization.k8s.io.'

/** `Authorization: Bearer`, or the WebSocket subprotocol that browsers use instead (upstream's websocket authenticator). */
function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  const match = /^bearer +(\S.*?) *$/i.exec(headers.authorization ?? '')
  if (match) return match[1]
  const offered = headers['sec-websocket-protocol']?.split(',').map(part => part.trim()) ?? []
  const encoded = offered.find(protocol => protocol.startsWith(protocolPrefix))
  return encoded && Buffer.from(encoded.slice(protocolPrefix.length), 'base64url').toString()
}

import { genericMeaning } from '../../machinery/status/generic.ts'
import { joinHostPort } from '../../std/host-port.ts'

/** A webhook could not be asked or gave no usable answer; the message is client-go's. */
export class WebhookCallError extends Error {
  /** What it answered instead of 2xx. */
  readonly code: number | undefined

  constructor(message: string, options?: ErrorOptions & { code?: number }) {
    super(message, options)
    this.name = 'WebhookCallError'
    this.code = options?.code
  }
}

interface NodeError extends Error {
  readonly code?: string
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
}

const untrusted = 'tls: failed to verify certificate: x509: certificate signed by unknown authority'

const texts: Readonly<Record<string, (error: NodeError) => string>> = {
  ECONNREFUSED: error => `dial tcp ${addressOf(error)}: connect: connection refused`,
  EHOSTUNREACH: error => `dial tcp ${addressOf(error)}: connect: no route to host`,
  ENETUNREACH: error => `dial tcp ${addressOf(error)}: connect: network is unreachable`,
  ETIMEDOUT: error => `dial tcp ${addressOf(error)}: i/o timeout`,
  ENOTFOUND: ({ hostname = '' }) => `dial tcp: lookup ${hostname}: no such host`,
  ECONNRESET: () => 'EOF',
  ERR_SSL_WRONG_VERSION_NUMBER: () => 'tls: first record does not look like a TLS handshake',
  DEPTH_ZERO_SELF_SIGNED_CERT: () => untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: () => untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: () => untrusted,
  UNABLE_TO_GET_ISSUER_CERT: () => untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: () => untrusted,
  ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED: () => 'remote error: tls: certificate required',
  CERT_SIGNATURE_FAILURE: () => untrusted,
  CERT_HAS_EXPIRED: () =>
    'tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: () =>
    'tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
  ERR_TLS_CERT_ALTNAME_INVALID: ({ message }) =>
    `tls: failed to verify certificate: x509: ${validFor(message)}`,
}

function addressOf({ address = '', port = 0 }: NodeError): string {
  return joinHostPort(address, port)
}

/** Node: `Host: a. is not in the cert's altnames: DNS:b`. */
function validFor(message: string): string {
  const [, host = '', names = ''] = /Host: (\S+?)\.? is not in the cert's altnames: (.*)$/.exec(message) ?? []
  return `certificate is valid for ${names.replace(/DNS:|IP Address:/g, '')}, not ${host}`
}

/** A failed connection in Go's words; what has none keeps its own. */
export function dialFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return texts[(error as NodeError).code ?? '']?.(error) ?? error.message
}

/** The same of a `fetch`, whose errors do not say where they went. */
export function fetchFailure(url: string, error: unknown): string {
  const { name = '', message = String(error), code = '' } = error as Partial<NodeError>
  const known = texts[code]
  if (!known || !URL.canParse(url)) return message
  const { hostname, port, protocol } = new URL(url)
  const usual = protocol === 'http:' ? 80 : 443
  const address = hostname.replaceAll(/^\[|\]$/g, '')
  return known({ name, message, hostname, address, port: Number(port) || usual })
}

/** An answer other than 2xx: its own Status' message, or apimachinery's NewGenericServerResponse. */
export function statusFailure(code: number, contentType: string, body: string): WebhookCallError {
  const said = contentType === '' || contentType.startsWith('text/') ? body.trim() : 'unknown'
  return new WebhookCallError(statusMessage(body) ?? genericMeaning(code, said)[1], { code })
}

function statusMessage(body: string): string | undefined {
  if (!body.startsWith('{')) return undefined
  try {
    const { kind, message } = JSON.parse(body) as { kind?: unknown; message?: unknown }
    return kind === 'Status' && typeof message === 'string' ? message : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

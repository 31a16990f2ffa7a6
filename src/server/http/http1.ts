/**
 * HTTP/1 as Go's net/http has it where node's parser lets more pass, or says it otherwise: targets, Host, expectations,
 * codings of a transfer, and what is no HTTP at all. (net/http server.go readRequest, transfer.go parseTransferEncoding)
 */
import { type Server as HttpServer, type IncomingMessage, ServerResponse } from 'node:http'
import type { Http2SecureServer } from 'node:http2'
import type { Socket } from 'node:net'

type ServeRequest = (request: IncomingMessage, response: ServerResponse) => void

/** Serves what comes over HTTP/1 beside plain requests, which `screenHttp1` looks at. */
export function takeHttp1(server: HttpServer | Http2SecureServer, serve: ServeRequest): void {
  const http1 = server as HttpServer
  // Connections that nobody uses are ended by the idle sweep; how many headers may come their size bounds.
  http1.keepAliveTimeout = 0
  http1.maxHeadersCount = 0
  http1.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const end = request.httpVersionMajor < 2 && { connection: 'close', 'content-length': '0' }
    response.writeHead(417, end || {})
    response.end()
  })
  http1.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (request.httpVersionMajor < 2) continueWhenRead(request, response)
    else response.writeContinue()
    serve(request, response)
  })
  http1.on('connect', (request: IncomingMessage, socket: Socket) => serveOver(socket, request, serve))
  http1.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    if (socket.destroyed || !socket.writable || answered.has(socket)) return
    // What follows the last request of a connection is not looked at.
    if (error.code === 'HPE_CLOSED_CONNECTION') return
    if (error.code === 'HPE_HEADER_OVERFLOW') refuse(socket, tooLarge)
    else if (error.code === 'HPE_INVALID_TRANSFER_ENCODING') refuse(socket, ...unknownCoding)
    else refuse(socket, badRequest)
  })
}

const badRequest = '400 Bad Request'
const unknownVersion = '505 HTTP Version Not Supported: unsupported protocol version'
const unknownCoding = ['501 Not Implemented', 'Unsupported transfer encoding'] as const
const tooLarge = '431 Request Header Fields Too Large'

/** Connections whose last answer is out. */
const answered = new WeakSet<Socket>()

function refuse(socket: Socket, status: string, text = status): void {
  answered.add(socket)
  const head = `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n`
  socket.end(head + text)
}

/** Whether the headers say that a body comes. */
function hasBody({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? 0) > 0 || 'transfer-encoding' in headers
}

/** A client that waits to be told to go on is told when somebody asks for the body; else its connection ends. */
function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  if (!hasBody(request)) return
  const { shouldKeepAlive } = response
  response.shouldKeepAlive = false
  request.on('newListener', function go(event: string) {
    if (event !== 'data' && event !== 'readable') return
    request.off('newListener', go)
    response.shouldKeepAlive = shouldKeepAlive
    response.writeContinue()
  })
}

/** Answers a request whose connection the parser has given away, and ends that. */
function serveOver(socket: Socket, request: IncomingMessage, serve: ServeRequest): void {
  serve(request, lastResponse(request, socket))
}

/** The way back over a connection that is taken from the parser: the answer is its last. */
export function lastResponse(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.on('finish', () => socket.end())
  return response
}

/** Whether a request goes on to be served; it was answered otherwise. Its target becomes a path. */
export function screenHttp1(request: IncomingMessage, response: ServerResponse): boolean {
  const fault = faultOf(request)
  if (fault) {
    refuse(request.socket, fault.status, fault.text)
    return false
  }
  if (request.method === 'OPTIONS' && request.url === '*') {
    response.writeHead(200, { 'content-length': '0' })
    response.end()
    return false
  }
  request.url = pathOf(request.url ?? '/')
  return true
}

interface Fault {
  readonly status: string
  readonly text?: string
}

function faultOf(request: IncomingMessage): Fault | undefined {
  const { headers, url = '', httpVersion } = request
  if (httpVersion === '0.9') return { status: badRequest }
  if (!httpVersion.startsWith('1.')) return { status: unknownVersion }
  const [path = ''] = url.split('?', 1)
  if (brokenEscape.test(path)) return { status: badRequest }
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return { status: unknownCoding[0], text: unknownCoding[1] }
  return hostFault(request)
}

const brokenEscape = /%(?![0-9A-Fa-f]{2})/
/** golang.org/x/net/http/httpguts ValidHostHeader. */
const hostSigns = /^[A-Za-z0-9!$%&'()*+,.:;=[\]_~-]*$/

function hostFault({ headers, rawHeaders, httpVersion, method }: IncomingMessage): Fault | undefined {
  const { host } = headers
  if (host === undefined) {
    const mayLack = httpVersion === '1.0' || method === 'CONNECT'
    return mayLack ? undefined : { status: `${badRequest}: missing required Host header` }
  }
  if (!hostSigns.test(host)) return { status: `${badRequest}: malformed Host header` }
  return countHosts(rawHeaders) > 1 ? { status: badRequest } : undefined
}

function countHosts(rawHeaders: readonly string[]): number {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]!.length === 4 && rawHeaders[index]!.toLowerCase() === 'host') count++
  return count
}

const absolute = /^https?:\/\/[^/?]*/i

/** Of an absolute target, as proxies are asked for, what comes behind the host. */
function pathOf(target: string): string {
  if (target.startsWith('/') || !absolute.test(target)) return target
  const path = target.replace(absolute, '')
  return path.startsWith('/') ? path : `/${path}`
}

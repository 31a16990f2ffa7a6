import { request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { posix } from 'node:path'
import { parseJson } from '../../machinery/codec/index.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import type { Cancel, Clock } from '../../std/ports.ts'
import { connectionThrough, type Dial, type Dialed } from '../egress/dial.ts'
import {
  authorizationOf,
  type CredentialsByHost,
  type RemoteCredential,
} from '../remote-review/kubeconfig.ts'
import { typeFault } from '../rest/foreign-body.ts'
import { dialFailure, statusFailure, WebhookCallError } from './failure.ts'
import type { ServiceResolver } from './service-resolver.ts'

/** Whom to call, as webhook configurations and conversions say it (`clientConfig`). */
export interface WebhookTarget {
  readonly url?: string
  readonly service?: {
    readonly namespace: string
    readonly name: string
    readonly path?: string
    /** Default 443. */
    readonly port?: number
  }
  /** PEM in base64; absent or blank: the system's authorities are trusted. */
  readonly caBundle?: string
}

export interface WebhookCall {
  /** Sent as JSON. */
  readonly body: object
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/**
 * POSTs to webhooks over TLS and answers their JSON. Rejects with `WebhookCallError`, whose message is what client-go
 * says about the same failure.
 */
export type WebhookClient = (target: WebhookTarget, call: WebhookCall) => Promise<JsonObject>

export interface WebhookClientOptions {
  readonly resolve: ServiceResolver
  readonly clock: Clock
  /** What webhooks are shown of the server; nothing by default. */
  readonly credentials?: CredentialsByHost | undefined
  /** What webhooks are told of the trace that they are asked in. */
  readonly traceparent?: (() => string | undefined) | undefined
  /** How webhooks are reached that are named by a URL; default: over this machine's own network. */
  readonly dial?: Dial | undefined
}

/** Clients of so many targets keep their connections open (upstream's defaultCacheSize). */
const agentsMax = 30
const responseBytesMax = 64 * 1024 * 1024

/** A client whose connections to each target are kept and shared by all callers. */
export function createWebhookClient({
  resolve,
  clock,
  credentials,
  traceparent,
  dial,
}: WebhookClientOptions): WebhookClient {
  const agents = new Map<string, Agent>()
  return async function callWebhook(target, call) {
    const place = placeOf(target, call)
    const payload = Buffer.from(JSON.stringify(call.body))
    try {
      const at = place.service
        ? resolve(place.service.namespace, place.service.name, place.port)
        : { ...place, dial }
      const credential = credentials?.(place.credentialName)
      const agent = agentOf(agents, place)
      const parent = traceparent?.()
      const bytes = await post({ place, at, payload, agent, clock, call, credential, parent })
      return parse(bytes)
    } catch (error) {
      if (error instanceof WebhookCallError) throw error
      throw new WebhookCallError(`Post ${JSON.stringify(place.url)}: ${dialFailure(error)}`, { cause: error })
    }
  }
}

interface Place extends Dialed {
  readonly url: string
  readonly isTls: boolean
  readonly serverName: string
  readonly hostHeader: string
  /** What users are named for it: always with a port, 443 when the URL tells none. */
  readonly credentialName: string
  readonly path: string
  readonly ca: string | undefined
  readonly service: WebhookTarget['service']
}

const httpsPort = 443

function placeOf({ url, service, caBundle }: WebhookTarget, { timeoutMs }: WebhookCall): Place {
  const pem = Buffer.from(caBundle ?? '', 'base64').toString()
  const ca = pem.trim() === '' ? undefined : pem
  const query = `timeout=${timeoutMs / 1000}s`
  if (service) {
    const serverName = `${service.name}.${service.namespace}.svc`
    const port = service.port ?? httpsPort
    const path = `${cleaned(service.path ?? '')}?${query}`
    const hostHeader = `${serverName}:${port}`
    const whole = `https://${hostHeader}${path}`
    const names = { serverName, hostHeader, credentialName: hostHeader }
    return { url: whole, isTls: true, ...names, host: serverName, port, path, ca, service }
  }
  if (!url) throw new WebhookCallError('webhook configuration must have either service or URL')
  if (!URL.canParse(url))
    throw new WebhookCallError(`Unparsable URL: parse ${JSON.stringify(url)}: invalid URI for request`)
  const parsed = new URL(url)
  const path = `${cleaned(parsed.pathname)}?${query}`
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  const isTls = parsed.protocol === 'https:'
  return {
    url: `${parsed.origin}${path}`,
    isTls,
    serverName: host,
    hostHeader: parsed.host,
    credentialName: parsed.port ? parsed.host : `${parsed.hostname}:${httpsPort}`,
    host,
    port: Number(parsed.port) || (isTls ? httpsPort : 80),
    path,
    ca,
    service: undefined,
  }
}

/** As client-go asks for it: one slash where there are several, none at the end. */
function cleaned(path: string): string {
  return posix.join('/', path).replace(/(?<=.)\/$/, '')
}

/** Connections are shared between calls that trust the same authorities for the same name. */
function agentOf(agents: Map<string, Agent>, { serverName, port, ca = '' }: Place): Agent {
  const key = `${serverName}:${port}\n${ca}`
  const known = agents.get(key)
  if (known) {
    agents.delete(key)
    agents.set(key, known)
    return known
  }
  const made = new Agent({ keepAlive: true })
  agents.set(key, made)
  const [oldest] = agents.keys()
  if (agents.size > agentsMax && oldest !== undefined) {
    agents.get(oldest)?.destroy()
    agents.delete(oldest)
  }
  return made
}

interface Posting {
  readonly place: Place
  readonly at: Dialed
  readonly payload: Buffer
  readonly agent: Agent
  readonly clock: Clock
  readonly call: WebhookCall
  readonly credential: RemoteCredential | undefined
  readonly parent: string | undefined
}

function post({ place, at, payload, agent, clock, call, credential = {}, parent }: Posting): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const { host, port } = at
  const { path, serverName, hostHeader, ca } = place
  const authorization = authorizationOf(credential)
  const headers = {
    accept: 'application/json, */*',
    'content-type': 'application/json',
    'content-length': payload.length,
    host: hostHeader,
    'user-agent': 'kube-apiserver-admission',
    ...(authorization && { authorization }),
    ...(parent !== undefined && { traceparent: parent }),
  }
  const receive = (answer: IncomingMessage) => void readAnswer(answer).then(resolve, reject)
  const common = { host, port, path, method: 'POST', headers }
  const { cert, key } = credential
  const own = { ...(ca !== undefined && trusting(ca)), ...(cert && key && { cert, key }) }
  const tls = { ...naming(serverName), ...own }
  // Bun lets an agent of one's own connect, and then by itself alone.
  const kept = at.dial ? {} : { agent }
  const sent = place.isTls
    ? httpsRequest({ ...common, ...kept, ...tls, ...connectionThrough(at, tls) }, receive)
    : httpRequest({ ...common, ...connectionThrough(at) }, receive)
  sent.on('error', reject)
  const cancel = breakOff(clock, call, error => {
    reject(error)
    sent.destroy()
  })
  sent.end(payload)
  return promise.finally(cancel)
}

/** Go trusts whatever a bundle holds, also where that is the webhook's own certificate and no authority. */
function trusting(ca: string) {
  return { ca, allowPartialTrustChain: true } as const
}

/** Addresses are verified too, but are no server names. */
function naming(serverName: string): { servername?: string } {
  return isIP(serverName) === 0 ? { servername: serverName } : {}
}

/** Ends a call when its time is over or nobody waits any more. */
function breakOff(clock: Clock, { timeoutMs, signal }: WebhookCall, stop: (error: Error) => void): Cancel {
  const cancelTimer = clock.setTimer(timeoutMs, () => stop(new Error('context deadline exceeded')))
  const onAbort = () => stop(new Error('context canceled'))
  signal?.addEventListener('abort', onAbort, { once: true })
  return () => {
    cancelTimer()
    signal?.removeEventListener('abort', onAbort)
  }
}

async function readAnswer(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > responseBytesMax) throw new WebhookCallError('the response is too large')
    chunks.push(chunk)
  }
  const bytes = Buffer.concat(chunks)
  const { statusCode = 0, headers } = answer
  const contentType = headers['content-type'] ?? ''
  if (statusCode < 200 || statusCode > 206) throw statusFailure(statusCode, contentType, bytes.toString())
  if (bytes.length === 0) {
    const what = `with status code: ${statusCode} and content type: ${contentType}`
    throw new WebhookCallError(`0-length response ${what}`)
  }
  return bytes
}

function parse(bytes: Buffer): JsonObject {
  const fault = typeFault(bytes)
  if (fault !== undefined) throw new WebhookCallError(fault)
  return (parseJson(bytes) ?? {}) as JsonObject
}

import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Answer, OracleCase } from './case.ts'
import { documentView } from './document-view.ts'
import { normalize } from './normalize.ts'

/** A server that answers, addressed as its administrator. */
export interface Side {
  /** What one track keeps is not seen by another. */
  session(as?: ClientPair): Session
  /** Where it is, and as whom it is asked, for who needs no session. */
  readonly door: Door
}

export interface Door extends ClientPair {
  readonly server: string
  readonly ca: string
}

/** PEM of a client certificate; without any nobody is shown. */
export interface ClientPair {
  readonly cert?: string
  readonly key?: string
}

export interface Session {
  ask(one: OracleCase): Promise<Answer>
  /** The body of an answer to a GET as it came. */
  raw(path: string): Promise<string>
}

interface Kubeconfig {
  clusters: {
    cluster: { server: string; 'certificate-authority-data'?: string; 'certificate-authority'?: string }
  }[]
  users: { user: Record<string, string | undefined> }[]
}

/** Reads server, CA and client certificate of a kubeconfig. */
export function sideOf(kubeconfigPath: string): Side {
  const config = parse(readFileSync(kubeconfigPath, 'utf8')) as Kubeconfig
  const cluster = config.clusters[0]!.cluster
  const user = config.users[0]!.user
  const pem = (data: string | undefined, file: string | undefined) =>
    data ? Buffer.from(data, 'base64').toString() : readFileSync(file!, 'utf8')
  const ca = pem(cluster['certificate-authority-data'], cluster['certificate-authority'])
  const cert = pem(user['client-certificate-data'], user['client-certificate'])
  const key = pem(user['client-key-data'], user['client-key'])
  const tls = { ca, cert, key }
  return {
    session: as => openSession(cluster.server, as ? { ca, ...as } : tls),
    door: { server: cluster.server, ...tls },
  }
}

function openSession(server: string, tls: { readonly ca: string } & ClientPair): Session {
  const kept = new Map<string, string>()
  const fill = (text: string) =>
    text.replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) => kept.get(name) ?? '')
  return {
    async ask(one) {
      const { 'x-oracle-anonymous': anonymous, ...given } = one.headers ?? {}
      const sent = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, fill(value)]))
      const body = typeof one.body === 'string' ? fill(one.body) : one.body
      const response = await fetch(server + fill(one.path), {
        method: one.method,
        headers: { accept: 'application/json', 'user-agent': 'oracle/1.0', ...sent },
        tls: anonymous ? { ca: tls.ca } : tls,
        redirect: 'manual',
        signal: AbortSignal.timeout(patienceMs),
        ...(body === undefined ? {} : { body: body as string }),
      })
      const bytes = one.events === undefined ? await response.bytes() : await readEvents(response, one.events)
      for (const [name, path] of Object.entries(one.keep ?? {})) kept.set(name, pick(bytes, path))
      for (const [name, header] of Object.entries(one.keepHeaders ?? {}))
        kept.set(name, response.headers.get(header) ?? '')
      const whole = normalize(response.status, response.headers, one.isHeadOnly ? nothing : bytes)
      const answer = one.isAside ? { ...whole, body: withoutBeats(whole.body) } : whole
      if (one.isLayout) return { ...answer, body: layoutOf(bytes) }
      return one.isDocument ? documentView(answer) : answer
    },
    async raw(path) {
      return (await fetch(server + path, { tls, signal: AbortSignal.timeout(patienceMs) })).text()
    },
  }
}

/**
 * The events of a watch without the bookmarks that only tell how far it is: a stock server sends one shortly before the
 * end when somebody has written meanwhile, which is chance.
 */
export function withoutBeats(body: unknown): unknown {
  const events = Array.isArray(body) ? body : [body]
  const [first] = events as { type?: unknown }[]
  if (typeof first?.type !== 'string') return body
  return events.filter(event => event !== '' && !isBeat(event))
}

function isBeat(event: unknown): boolean {
  const isBookmark = (event as { type?: unknown } | null)?.type === 'BOOKMARK'
  return isBookmark && !JSON.stringify(event).includes('k8s.io/initial-events-end')
}

/** The text with what each server chooses itself left out. */
export function layoutOf(bytes: Uint8Array): string {
  const own = /("(?:uid|resourceVersion|creationTimestamp|time)": ?)"[^"]*"/g
  return Buffer.from(bytes).toString().replaceAll(own, '$1"…"')
}

const patienceMs = 30_000
const nothing = new Uint8Array()

/** The first `count` events of a stream, or all there are; the rest is not waited for. */
async function readEvents(response: Response, count: number): Promise<Uint8Array> {
  const isFramed = response.headers.get('content-type')?.includes('stream=watch') ?? false
  const endOf = isFramed ? endOfFrames : endOfLines
  const reader = response.body!.getReader()
  let bytes = Buffer.alloc(0)
  let end = endOf(bytes, count)
  while (end === undefined) {
    const { done, value } = await reader.read()
    if (done) return bytes
    bytes = Buffer.concat([bytes, value])
    end = endOf(bytes, count)
  }
  await reader.cancel()
  return bytes.subarray(0, end)
}

const newline = 10

function endOfLines(bytes: Buffer, count: number): number | undefined {
  let at = 0
  for (let left = count; left > 0; left--) {
    const end = bytes.indexOf(newline, at)
    if (end < 0) return undefined
    at = end + 1
  }
  return at - 1
}

/** A frame of a protobuf watch follows its length in four bytes. */
function endOfFrames(bytes: Buffer, count: number): number | undefined {
  let at = 0
  for (let left = count; left > 0; left--) {
    if (bytes.length < at + 4) return undefined
    at += 4 + bytes.readUInt32BE(at)
    if (bytes.length < at) return undefined
  }
  return at
}

function pick(bytes: Uint8Array, path: string): string {
  let value: unknown = JSON.parse(Buffer.from(bytes).toString())
  for (const name of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[name]
  return String(value ?? '')
}

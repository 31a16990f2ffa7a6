import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Answer, OracleCase } from './case.ts'
import { normalize } from './normalize.ts'

/** A server that answers, addressed as its administrator. */
export interface Side {
  ask(one: OracleCase): Promise<Answer>
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
  const kept = new Map<string, string>()
  return {
    async ask(one) {
      const { 'x-oracle-anonymous': anonymous, ...sent } = one.headers ?? {}
      const fill = (text: string) =>
        text.replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) => kept.get(name) ?? '')
      const body = typeof one.body === 'string' ? fill(one.body) : one.body
      const response = await fetch(cluster.server + fill(one.path), {
        method: one.method,
        headers: { accept: 'application/json', 'user-agent': 'oracle/1.0', ...sent },
        tls: anonymous ? { ca } : { ca, cert, key },
        signal: AbortSignal.timeout(10_000),
        ...(body === undefined ? {} : { body: body as string }),
      })
      const bytes = one.lines === undefined ? await response.bytes() : await readLines(response, one.lines)
      for (const [name, path] of Object.entries(one.keep ?? {})) kept.set(name, pick(bytes, path))
      return normalize(response.status, response.headers, bytes)
    },
  }
}

/** The first `count` lines of a stream, or all there are; the rest is not waited for. */
async function readLines(response: Response, count: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let left = count
  const reader = response.body!.getReader()
  while (left > 0) {
    const { done, value } = await reader.read()
    if (done) break
    chunks.push(value)
    left -= value.filter((byte: number) => byte === newline).length
  }
  await reader.cancel()
  const lines = Buffer.concat(chunks).toString().split('\n', count)
  return Buffer.from(lines.join('\n'))
}

const newline = 10

function pick(bytes: Uint8Array, path: string): string {
  let value: unknown = JSON.parse(Buffer.from(bytes).toString())
  for (const name of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[name]
  return String(value ?? '')
}

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
  return {
    async ask({ method, path, headers = {}, body }) {
      const { 'x-oracle-anonymous': anonymous, ...sent } = headers
      const response = await fetch(cluster.server + path, {
        method,
        headers: { accept: 'application/json', 'user-agent': 'oracle/1.0', ...sent },
        tls: anonymous ? { ca } : { ca, cert, key },
        signal: AbortSignal.timeout(10_000),
        ...(body === undefined ? {} : { body }),
      })
      return normalize(response.status, response.headers, await response.text())
    },
  }
}

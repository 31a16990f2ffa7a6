import { join } from 'node:path'
import { createHttpTransport, type HttpIdentity } from '../../client/http-transport.ts'
import { StatusError } from '../../machinery/status/status.ts'
import { bearerOf, type JoinToken, trustedCa } from '../../server/bootstrap/join-token.ts'
import { requestNodeCertificate } from '../../server/bootstrap/node-certificate.ts'
import { certificateFacts, type KeyPair, keyMatches, publicKeyHash } from '../../server/pki/certificate.ts'
import { readIfPresent, writePrivate } from '../../server/pki/files.ts'
import type { Ports } from '../../std/ports.ts'
import { UserError } from '../user-error.ts'
import { hutchVersion } from '../version.ts'
import { fetchPath, patiently } from './agent-patience.ts'
import type { AgentSettings } from './agent-settings.ts'
import { clusterCaPath, type NodeSettings, nodeSettingsPath } from './join-routes.ts'

/** A node that is a member: whom it trusts, what it shows, and what the cluster told it. */
export interface Membership {
  readonly ca: string
  readonly client: KeyPair
  readonly cluster: NodeSettings
}

export const agentUserAgent = `hutch-agent/${hutchVersion}`
const clientFile = 'client-kubelet'

/**
 * Makes this machine a member: trusts the CA that the token names, has a client certificate signed with the token
 * (once; it is kept in `<data>/agent`), and asks for the cluster's settings. Waits for ever for a server that is away;
 * undefined when `signal` aborts. A refusal is a `UserError`.
 */
export async function joinCluster(
  settings: AgentSettings,
  ports: Ports,
  signal: AbortSignal,
): Promise<Membership | undefined> {
  const ca = await patiently('the server does not answer', () => serverCa(settings, ports), ports, signal)
  if (ca === undefined) return undefined
  const kept = keptPair(settings, clientFile, ports.clock.nowMs())
  if (kept) {
    const cluster = await nodeSettings(settings, ca, kept, ports, signal)
    if (cluster || signal.aborted) return cluster && { ca, client: kept, cluster }
    ports.log.warn('the server does not know our certificate any more: joining anew')
  }
  const client = await firstCertificate(settings, ca, ports, signal)
  if (!client) return undefined
  const cluster = await nodeSettings(settings, ca, client, ports, signal)
  if (cluster) return { ca, client, cluster }
  if (signal.aborted) return undefined
  throw new UserError(`${settings.server} does not accept the certificate that it signed just now`)
}

async function serverCa({ server, token, agentDir }: AgentSettings, { log }: Ports): Promise<string> {
  const path = join(agentDir, 'server-ca.crt')
  const kept = readIfPresent(path)
  if (kept && (token?.caHash === undefined || publicKeyHash(kept) === token.caHash)) return kept
  if (!token) {
    const hint = 'Give --token with what "hutch token create" printed on the server.'
    throw new UserError('this machine has not joined before and has no token', hint, 2)
  }
  const { code, text } = await fetchPath(`${server}${clusterCaPath}`, { rejectUnauthorized: false })
  if (code !== 200 || !text.includes('BEGIN CERTIFICATE'))
    throw new UserError(`${server} is no Hutch server: ${clusterCaPath} answered ${code}`, 'Check --server.')
  if (token.caHash === undefined) log.warn('the token names no CA: trusting the server that answered')
  const ca = checkedCa(text, token)
  writePrivate(path, ca)
  return ca
}

function checkedCa(answered: string, token: JoinToken): string {
  try {
    return trustedCa(answered, token)
  } catch (error) {
    throw new UserError((error as Error).message, 'Check --server and --token.')
  }
}

/** A kept certificate of this node that is still good, with its key. */
export function keptPair(
  { agentDir, nodeName }: AgentSettings,
  file: string,
  nowMs: number,
): KeyPair | undefined {
  const certificate = readIfPresent(join(agentDir, `${file}.crt`))
  const key = readIfPresent(join(agentDir, `${file}.key`))
  if (!certificate || !key) return undefined
  const pair = { certificate, key }
  const { commonName, notAfterMs } = certificateFacts(certificate)
  return commonName === `system:node:${nodeName}` && notAfterMs > nowMs && keyMatches(pair) ? pair : undefined
}

export function keepPair({ agentDir }: AgentSettings, file: string, { key, certificate }: KeyPair): void {
  writePrivate(join(agentDir, `${file}.key`), key)
  writePrivate(join(agentDir, `${file}.crt`), certificate)
}

export function keepClientPair(settings: AgentSettings, pair: KeyPair): void {
  keepPair(settings, clientFile, pair)
}

async function firstCertificate(
  settings: AgentSettings,
  ca: string,
  ports: Ports,
  signal: AbortSignal,
): Promise<KeyPair | undefined> {
  const { server, token, nodeName } = settings
  const hint = 'Make a new one with "hutch token create" on the server, and give it with --token.'
  if (!token)
    throw new UserError('the certificate of this node is not good any more and no token is given', hint)
  const identity: HttpIdentity = { server, caPem: ca, token: bearerOf(token) }
  const transport = createHttpTransport({ identity: () => identity, ports, userAgent: agentUserAgent })
  const wanted = { purpose: 'client', nodeName } as const
  const ask = () => requestNodeCertificate(transport, wanted, signal)
  try {
    const pair = await patiently('no certificate yet', ask, ports, signal)
    if (pair) keepClientPair(settings, pair)
    return pair
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    throw new UserError(`${server} does not accept the token: ${error.message}`, hint)
  }
}

/** Undefined when the certificate is refused, or `signal` aborts. */
async function nodeSettings(
  { server }: AgentSettings,
  ca: string,
  { certificate, key }: KeyPair,
  ports: Ports,
  signal: AbortSignal,
): Promise<NodeSettings | undefined> {
  const ask = () => fetchPath(`${server}${nodeSettingsPath}`, { ca, cert: certificate, key })
  const answer = await patiently('the server does not answer', ask, ports, signal)
  return answer?.code === 200 ? (JSON.parse(answer.text) as NodeSettings) : undefined
}

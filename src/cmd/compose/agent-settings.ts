import { join } from 'node:path'
import { type JoinToken, parseJoinToken } from '../../server/bootstrap/join-token.ts'
import { serverOrigin } from '../flag-checks.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import { nodeAddress } from './addresses.ts'

/** What the flags of `hutch agent` decide. */
export interface AgentSettings {
  /** `https://192.0.2.7:6443` */
  readonly server: string
  /** Absent when the node has joined before. */
  readonly token: JoinToken | undefined
  readonly nodeName: string
  readonly nodeIp: string
  readonly dataDir: string
  /** `<data>/agent`: certificates and what else belongs to the node. */
  readonly agentDir: string
}

export function agentSettings(flags: FlagReader): AgentSettings {
  const dataDir = flags.text('data-dir')
  const token = flags.optional('token')
  return {
    server: serverUrl(flags.optional('server')),
    token: token === undefined ? undefined : parseJoinToken(token),
    nodeName: flags.text('node-name'),
    nodeIp: flags.optional('node-ip') ?? ownAddress(),
    dataDir,
    agentDir: join(dataDir, 'agent'),
  }
}

function ownAddress(): string {
  const address = nodeAddress()
  if (address !== undefined) return address
  throw new UserError(
    'this machine has no address that the cluster could reach it by',
    'Connect it, or give --node-ip.',
  )
}

function serverUrl(text: string | undefined): string {
  if (text !== undefined) return serverOrigin(text)
  const hint = 'Give --server https://ADDRESS:6443, the address of the server to join.'
  throw new UserError('the server to join is not named', hint, 2)
}

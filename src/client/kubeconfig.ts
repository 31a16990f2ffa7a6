import { parse } from 'yaml'
import { messageOf } from '../std/message.ts'
import type { HttpIdentity } from './http-transport.ts'

/** A kubeconfig that cannot be used; the message names the field. */
export class KubeconfigError extends Error {
  override name = 'KubeconfigError'
}

interface Named<T> {
  readonly name?: string
  readonly cluster?: T
  readonly user?: T
  readonly context?: T
}

interface Kubeconfig {
  readonly 'current-context'?: string
  readonly clusters?: readonly Named<Fields>[]
  readonly users?: readonly Named<Fields>[]
  readonly contexts?: readonly Named<Fields>[]
}

type Fields = Readonly<Record<string, unknown>>

export interface KubeconfigOptions {
  /** Instead of `current-context`. */
  readonly context?: string
  /** Reads a file that the kubeconfig names; relative names are as written there. */
  readonly readFile: (path: string) => string
}

/** Ways to authenticate that are refused by name. */
const unsupported = ['exec', 'auth-provider', 'username', 'password', 'as']

/** What the chosen context of a kubeconfig says: the server and how to convince it (client-go tools/clientcmd). */
export function readKubeconfig(text: string, options: KubeconfigOptions): HttpIdentity {
  const config = parseConfig(text)
  const contextName = options.context ?? config['current-context']
  if (!contextName) throw new KubeconfigError('current-context is not set')
  const context = named(config.contexts, contextName, 'context')
  const cluster = named(config.clusters, asText(context.cluster), 'cluster')
  const user = context.user ? named(config.users, asText(context.user), 'user') : {}
  for (const field of unsupported)
    if (user[field] !== undefined)
      throw new KubeconfigError(`users[${asText(context.user)}].user.${field} is not supported`)
  if (!cluster.server)
    throw new KubeconfigError(`clusters[${asText(context.cluster)}].cluster.server is not set`)
  return {
    server: asText(cluster.server).replace(/\/$/, ''),
    caPem: pem(cluster, 'certificate-authority', options),
    certPem: pem(user, 'client-certificate', options),
    keyPem: pem(user, 'client-key', options),
    token: user.token
      ? asText(user.token)
      : user.tokenFile
        ? options.readFile(asText(user.tokenFile)).trim()
        : undefined,
  }
}

function parseConfig(text: string): Kubeconfig {
  let parsed: unknown
  try {
    parsed = parse(text)
  } catch (error) {
    throw new KubeconfigError(messageOf(error))
  }
  if (typeof parsed !== 'object' || parsed === null) throw new KubeconfigError('the kubeconfig is empty')
  return parsed as Kubeconfig
}

function named(
  entries: readonly Named<Fields>[] | undefined,
  name: string,
  what: 'cluster' | 'user' | 'context',
): Fields {
  const found = entries?.find(entry => entry.name === name)?.[what]
  if (!found) throw new KubeconfigError(`there is no ${what} ${JSON.stringify(name)}`)
  return found
}

/** `<field>-data` in base64 goes before the file that `<field>` names. */
function pem(fields: Fields, field: string, { readFile }: KubeconfigOptions): string | undefined {
  const data = fields[`${field}-data`]
  if (data) return Buffer.from(asText(data), 'base64').toString('utf8')
  return fields[field] ? readFile(asText(fields[field])) : undefined
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : String(value ?? '')
}

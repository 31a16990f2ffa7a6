import { decodeYaml } from '../../machinery/codec/yaml.ts'

/** What one shows of oneself to a service. */
export interface RemoteCredential {
  /** PEM. */
  readonly cert?: string
  readonly key?: string
  readonly token?: string
  readonly username?: string
  readonly password?: string
}

/** A service as a kubeconfig's current context names it. */
export interface RemoteService extends RemoteCredential {
  readonly url: string
  /** PEM. */
  readonly ca?: string
  readonly serverName?: string
  readonly insecureSkipTlsVerify: boolean
}

interface Cluster {
  readonly server?: string
  readonly 'certificate-authority'?: string
  readonly 'certificate-authority-data'?: string
  readonly 'insecure-skip-tls-verify'?: boolean
  readonly 'tls-server-name'?: string
}

interface User {
  readonly 'client-certificate'?: string
  readonly 'client-certificate-data'?: string
  readonly 'client-key'?: string
  readonly 'client-key-data'?: string
  readonly token?: string
  readonly tokenFile?: string
  readonly username?: string
  readonly password?: string
  readonly exec?: object
  readonly 'auth-provider'?: object
}

interface Kubeconfig {
  readonly 'current-context'?: string
  readonly contexts?: readonly Named<'context', { readonly cluster?: string; readonly user?: string }>[]
  readonly clusters?: readonly Named<'cluster', Cluster>[]
  readonly users?: readonly Named<'user', User>[]
}

type Named<K extends string, T> = { readonly name?: string } & { readonly [key in K]?: T }

/**
 * Reads the service that the current context names, or the only cluster and user. `readFile` is asked for the files
 * that it names. Throws `Error` with what is missing; helper programs for credentials are refused by name.
 */
export function remoteService(text: string, readFile: (path: string) => string): RemoteService {
  const config = JSON.parse(decodeYaml(text).json) as Kubeconfig | null
  const { clusters = [], users = [], contexts = [] } = config ?? {}
  const name = config?.['current-context']
  const context = contexts.find(entry => entry.name === name)?.context
  if (name && !context) throw new Error(`context was not found for specified context: ${name}`)
  const cluster = chosen(clusters, context?.cluster)?.cluster
  const user = chosen(users, context?.user)?.user ?? {}
  if (!cluster?.server) throw new Error('the kubeconfig names no cluster with a server')
  const ca = either(cluster['certificate-authority-data'], cluster['certificate-authority'], readFile)
  return {
    url: cluster.server,
    ...(ca && { ca }),
    // As clientcmd: nothing is shown to a service that everybody on the way can listen to.
    ...(cluster.server.startsWith('http://') ? {} : credentialOf(user, readFile)),
    ...(cluster['tls-server-name'] && { serverName: cluster['tls-server-name'] }),
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'] ?? false,
  }
}

function credentialOf(user: User, readFile: (path: string) => string): RemoteCredential {
  for (const field of ['exec', 'auth-provider'] as const)
    if (user[field]) throw new Error(`users of a kubeconfig with "${field}" are not supported here`)
  const cert = either(user['client-certificate-data'], user['client-certificate'], readFile)
  const key = either(user['client-key-data'], user['client-key'], readFile)
  const token = user.token ?? (user.tokenFile ? readFile(user.tokenFile).trim() : undefined)
  return {
    ...(cert && { cert }),
    ...(key && { key }),
    ...(token && { token }),
    ...(user.username && { username: user.username, password: user.password ?? '' }),
  }
}

/** Basic or bearer, as a request's header says it; undefined when neither is known. */
export function authorizationOf({ token, username, password }: RemoteCredential): string | undefined {
  if (token) return `Bearer ${token}`
  return username ? `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` : undefined
}

/** What to show to a server, by `host` or `host:port`; undefined shows nothing. */
export type CredentialsByHost = (hostPort: string) => RemoteCredential | undefined

/**
 * The users of a kubeconfig by the servers that they are named for: `host:port`, `*.domain`, without the port when it
 * is 443, `*`, and last the current context's (apiserver pkg/util/webhook/authentication.go).
 */
export function credentialsByHost(text: string, readFile: (path: string) => string): CredentialsByHost {
  const config = JSON.parse(decodeYaml(text).json) as Kubeconfig | null
  const { users = [], contexts = [] } = config ?? {}
  const byName = new Map(
    users.map(({ name = '', user }) => [name, credentialOf(user ?? {}, readFile)] as const),
  )
  const current = contexts.find(({ name }) => name === config?.['current-context'])?.context?.user
  const others = ['*', ...(current ? [current] : [])]
  return hostPort => {
    const names = [...patternsOf(hostPort), ...patternsOf(hostPort.replace(/:443$/, '')), ...others]
    return names.map(name => byName.get(name)).find(Boolean)
  }
}

function patternsOf(host: string): string[] {
  const steps = host.split('.')
  return [host, ...steps.slice(1).map((_, index) => `*.${steps.slice(index + 1).join('.')}`)]
}

function chosen<T extends { readonly name?: string }>(
  entries: readonly T[],
  name: string | undefined,
): T | undefined {
  return name === undefined ? entries[0] : entries.find(entry => entry.name === name)
}

function either(
  data: string | undefined,
  path: string | undefined,
  readFile: (path: string) => string,
): string | undefined {
  if (data) return Buffer.from(data, 'base64').toString()
  return path ? readFile(path) : undefined
}

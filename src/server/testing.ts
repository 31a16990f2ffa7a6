/** An API server in memory, for tests of everything that talks to one. */
import { createRegistry, type Registry } from '../api/registry.ts'
import type { Transport } from '../client/transport.ts'
import type { Ports } from '../std/ports.ts'
import { simPorts } from '../std/sim-ports.ts'
import { openMemoryStore } from '../storage/memory/memory-store.ts'
import type { Store } from '../storage/store.ts'
import type { Authenticator, Authorizer, UserInfo } from './context.ts'
import { type ApiServer, type ApiServerOptions, createApiServer } from './server.ts'

export interface TestServer extends ApiServer {
  readonly ports: Ports
  readonly store: Store
  readonly registry: Registry
  /** In process, as a member of system:masters. */
  readonly admin: Transport
}

export type TestServerOptions = Partial<ApiServerOptions>

export const adminUser: UserInfo = { username: 'admin', groups: ['system:masters', 'system:authenticated'] }

/** Allows everything: only for tests whose subject is not authorization. */
export const allowAll: Authorizer = () => ({ decision: 'allow', reason: '' })

/** Bearer tokens are user names; `name/group,group` names groups too. */
export const nameTokens: Authenticator = ({ credential }) => {
  if (credential.kind !== 'bearer') return undefined
  const [username = '', groups = ''] = credential.token.split('/')
  return { username, groups: groups === '' ? [] : groups.split(',') }
}

/** Starts a server over an empty memory store in virtual time, unless told otherwise. Call `shutdown` at the end. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const ports = options.ports ?? simPorts()
  const store = options.store ?? openMemoryStore({ clock: ports.clock, log: ports.log })
  const registry = options.registry ?? createRegistry()
  const server = await createApiServer({
    authenticator: nameTokens,
    authorizer: allowAll,
    ...options,
    ports,
    store,
    registry,
  })
  return { ...server, ports, store, registry, admin: server.inProcess(adminUser) }
}

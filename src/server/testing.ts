/** An API server in memory, for tests of everything that talks to one. */
import { createRegistry, type Registry } from '../api/registry.ts'
import type { Transport } from '../client/transport.ts'
import type { Ports } from '../std/ports.ts'
import { simPorts } from '../std/sim-ports.ts'
import { openMemoryStore } from '../storage/memory/memory-store.ts'
import type { Store } from '../storage/store.ts'
import type { Authenticator, Authorizer, UserInfo } from './context.ts'
import { type OpenServer, openServer, type ServerSetup } from './open-server.ts'
import { newRsaKey } from './pki/certificate.ts'
import { type ApiServer, type ApiServerOptions, createApiServer } from './server.ts'

interface Parts {
  readonly ports: Ports
  readonly store: Store
  readonly registry: Registry
}

export interface TestServer extends ApiServer, Parts {
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
  const parts = testParts(options)
  const gates = { authenticator: nameTokens, authorizer: allowAll }
  const server = await createApiServer({ ...gates, ...options, ...parts })
  return { ...server, ...parts, admin: server.inProcess(adminUser) }
}

/** The same behind the real gates: upstream's admission, and no rights but those that RBAC objects give. */
export async function startGatedServer(
  options: Partial<ServerSetup>,
  signal: AbortSignal,
): Promise<TestServer & Pick<OpenServer, 'security'>> {
  const parts = testParts(options)
  const { server, security } = await openServer({ gates: testGates(), ...options, ...parts }, signal)
  return { ...server, ...parts, security, admin: server.inProcess(adminUser) }
}

function testParts({ ports = simPorts(), store, registry }: Partial<Parts>): Parts {
  return { ports, store: store ?? openMemoryStore(ports), registry: registry ?? createRegistry() }
}

/** Gates that know no authority: nobody comes in with a certificate. */
export function testGates(): ServerSetup['gates'] {
  const serviceAccountKey = newRsaKey()
  return {
    pki: () => ({ authorities: {} as never, serviceAccountKey }),
    issuer: 'https://kubernetes.default.svc.cluster.local',
    externalUrl: 'https://192.0.2.1:6443',
  }
}

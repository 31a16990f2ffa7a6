/** One account, one pod and one node, and who may show what for them. */
import type { TokenRequest } from '../../api/types/authentication-v1.gen.ts'
import type { Node, Pod, Secret, ServiceAccount } from '../../api/types/core-v1.gen.ts'
import { createMetrics } from '../../std/metrics.ts'
import { SimClock, simRandom } from '../../std/sim-ports.ts'
import type { Credential, RequestContext } from '../context.ts'
import { memorySource } from '../lister.ts'
import { newRsaKey } from '../pki/certificate.ts'
import { issueCa } from '../pki/issue.ts'
import { type AuthenticationServices, createAuthenticationServices, type TokenSettings } from './authn.ts'

export const issuer = 'https://kubernetes.default.svc.cluster.local'
export const startMs = Date.UTC(2026, 5, 1)
export const context = { nowMs: startMs, random: simRandom(3) }
export const clientCa = await issueCa('client-ca', context)
export const serviceAccountKey = newRsaKey()
export const otherKey = newRsaKey()

export const account: ServiceAccount = { metadata: { name: 'robot', namespace: 'a', uid: 'sa-1' } }
export const node: Node = { metadata: { name: 'n1', uid: 'node-1' } }
export const pod: Pod = {
  metadata: { name: 'web', namespace: 'a', uid: 'pod-1' },
  spec: { containers: [], serviceAccountName: 'robot', nodeName: 'n1' },
}

export function setup(key = serviceAccountKey, serviceAccounts: Partial<TokenSettings> = {}) {
  const clock = new SimClock(startMs)
  const objects = {
    serviceAccounts: memorySource<ServiceAccount>([account]),
    secrets: memorySource<Secret>(),
    pods: memorySource<Pod>([pod]),
    nodes: memorySource<Node>([node]),
  }
  const services = createAuthenticationServices({
    pki: () => ({ authorities: { 'client-ca': clientCa } as never, serviceAccountKey: key }),
    serviceAccounts,
    metrics: createMetrics(),
    markUsed: async (secret, labels) => {
      objects.secrets.put({ ...secret, metadata: { ...secret.metadata, labels } })
    },
    issuer,
    externalUrl: 'https://192.0.2.7:6443',
    objects,
    clock,
    random: simRandom(5),
  })
  return { clock, objects, services }
}

export function show(services: AuthenticationServices, credential: Credential) {
  return services.authenticate({ credential, warnings: [] } as unknown as RequestContext)
}
export const showToken = (services: AuthenticationServices, token: string) =>
  show(services, { kind: 'bearer', token })
export const body = (spec: Partial<TokenRequest['spec']> = {}, metadata = {}) =>
  ({ metadata, spec }) as TokenRequest
export const podReference = { kind: 'Pod', apiVersion: 'v1', name: 'web', uid: 'pod-1' }
export const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
export const payload = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRegistry } from '../api/registry.ts'
import type { Node, Pod } from '../api/types/core-v1.gen.ts'
import { createClient } from '../client/client.ts'
import { certificateOptions } from '../cmd/compose/certificates.ts'
import type { ControlPlane } from '../cmd/compose/control-plane.ts'
import { runControllers } from '../controller/run.ts'
import { certificateApprover, certificateSigner } from '../controllers/identity/certificates.ts'
import { silentLogger } from '../std/log.ts'
import { realPorts } from '../std/real-ports.ts'
import { openMemoryStore } from '../storage/memory/memory-store.ts'
import { componentUsers, controllerUser, nodeUser } from './authn/identity.ts'
import { bearerOf, newBootstrapToken, tokenSecret } from './bootstrap/join-token.ts'
import { type NodeCertificate, requestNodeCertificate } from './bootstrap/node-certificate.ts'
import { reconcileBootstrapPolicy } from './bootstrap-policy/reconcile.ts'
import type { UserInfo } from './context.ts'
import { openServer } from './open-server.ts'
import { certificateFacts, issuedBy } from './pki/certificate.ts'
import { issueCa, issueLeaf } from './pki/issue.ts'
import { ensurePki, type Pki } from './pki/pki.ts'
import type { Security } from './security.ts'
import type { ApiServer } from './server.ts'
import { testGates } from './testing.ts'

const ports = realPorts(silentLogger)
const dataDirectory = mkdtempSync(join(tmpdir(), 'hutch-secure-'))
const stop = new AbortController()
let pki: Pki
let server: ApiServer
let security: Security
let base: string

beforeAll(async () => {
  const spec = {
    dataDirectory,
    serverNames: [],
    serviceAddresses: ['10.43.0.1'],
    clusterDomain: 'cluster.local',
  }
  pki = await ensurePki({ ...spec, node: { name: 'n1', addresses: [] } }, ports)
  const gates = { ...testGates(), pki: () => pki }
  const opened = await openServer(
    { ports, store: openMemoryStore(ports), registry: createRegistry(), gates },
    stop.signal,
  )
  server = opened.server
  security = opened.security
  await reconcileBootstrapPolicy(server.inProcess(componentUsers.server), ports)
  const { certificate: cert, key } = pki.certificates.get('serving-kube-apiserver')!
  const { authorities } = pki
  const clientCa = [authorities['client-ca'].certificate, authorities['request-header-ca'].certificate]
  const listener = await server.listen({ host: '127.0.0.1', port: 0, tls: { cert, key, clientCa } })
  base = `https://127.0.0.1:${listener.port}`
})

afterAll(async () => {
  stop.abort()
  await server.shutdown()
  rmSync(dataDirectory, { recursive: true })
})

async function get(
  path: string,
  pair?: { readonly certificate: string; readonly key: string },
  token?: string,
  more: Readonly<Record<string, string>> = {},
) {
  const tls = {
    ca: pki.authorities['server-ca'].certificate,
    ...(pair && { cert: pair.certificate, key: pair.key }),
  }
  const headers = { ...more, ...(token !== undefined && { authorization: `Bearer ${token}` }) }
  const response = await fetch(`${base}${path}`, { tls, headers } as RequestInit)
  return { code: response.status, text: await response.text() }
}

const as = (name: string) => pki.certificates.get(name)!

describe('over TLS', () => {
  test('the anonymous see health and nothing else; a wrong token is nobody', async () => {
    expect((await get('/livez')).code).toBe(200)
    const anonymous = await get('/api/v1/namespaces')
    expect(anonymous.code).toBe(403)
    expect(JSON.parse(anonymous.text).message).toBe(
      'namespaces is forbidden: User "system:anonymous" cannot list resource "namespaces" in API group "" at the cluster scope',
    )
    expect((await get('/api/v1/namespaces', undefined, 'nonsense')).code).toBe(401)
  })

  test('each certificate opens what its component needs', async () => {
    expect((await get('/api/v1/secrets', as('client-admin'))).code).toBe(200)
    expect((await get('/api/v1/pods', as('client-scheduler'))).code).toBe(200)
    expect((await get('/api/v1/secrets', as('client-scheduler'))).code).toBe(403)
    expect((await get('/api/v1/nodes/n1', as('client-kubelet'))).code).toBe(404)
    expect((await get('/api/v1/namespaces/default/secrets/s', as('client-kubelet'))).code).toBe(403)
    expect((await get('/api/v1/pods?fieldSelector=spec.nodeName%3Dn1', as('client-kubelet'))).code).toBe(200)
    expect((await get('/api/v1/pods', as('client-kubelet'))).code).toBe(403)
  })

  test('a certificate of another authority is nobody, whatever it says', async () => {
    const foreign = await issueCa('hutch-client-ca', { nowMs: Date.now(), random: ports.random })
    const subject = { commonName: 'system:admin', organizations: ['system:masters'], names: [] }
    const pair = await issueLeaf(
      foreign,
      { ...subject, uses: ['clientAuth'] },
      { nowMs: Date.now(), random: ports.random },
    )
    expect((await get('/api/v1/namespaces', pair)).code).toBe(401)
    expect((await get('/api/v1/namespaces', as('client-auth-proxy'))).code).toBe(401)
  })

  test('a front proxy says whom it has authenticated, nobody else may', async () => {
    const who = async (pair: string, more: Record<string, string>) => {
      const { code, text } = await get('/api/v1/secrets', as(pair), undefined, more)
      return code === 403 ? /User \\"(.*?)\\"/.exec(text)?.[1] : code
    }
    const jane = { 'x-remote-user': 'jane', 'x-remote-group': 'dev', 'x-remote-extra-scopes': 'all' }
    expect(await who('client-auth-proxy', jane)).toBe('jane')
    expect(await who('client-auth-proxy', { ...jane, 'x-remote-group': 'system:masters' })).toBe(200)
    expect(await who('client-scheduler', { ...jane, 'x-remote-group': 'system:masters' })).toBe(
      'system:kube-scheduler',
    )
  })
})

test('a node joins by token: client certificate, own node, serving certificate, and no more than that', async () => {
  const issuing = new AbortController()
  const plane = { pki, security, as: (user: UserInfo) => server.inProcess(user) } as ControlPlane
  const options = certificateOptions(plane, ports)
  const controllers = runControllers([certificateApprover(options), certificateSigner(options)], {
    transportFor: name => server.inProcess(controllerUser(name)),
    informerTransport: server.inProcess(componentUsers.controllerManager),
  })(ports, issuing.signal)
  const admin = createClient(server.inProcess(componentUsers.server))
  const secrets = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true }
  const token = newBootstrapToken(ports.random)
  await admin.create(secrets, tokenSecret(token))
  const nodes = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false }
  expect((await get('/api/v1/nodes/n9', undefined, bearerOf(token))).code).toBe(403)

  const joiner = {
    username: `system:bootstrap:${token.id}`,
    groups: ['system:bootstrappers', 'system:authenticated'],
  }
  const asks = (user: UserInfo, wanted: NodeCertificate) =>
    requestNodeCertificate(server.inProcess(user), wanted, issuing.signal)
  const client = await asks(joiner, { purpose: 'client', nodeName: 'n9' })
  expect((await get('/api/v1/nodes/n9', client)).code).toBe(404)

  const kubelet = createClient(server.inProcess(nodeUser('n9')))
  const node = await kubelet.create<Node>(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n9' } })
  expect(node.spec!.taints![0]!.key).toBe('node.kubernetes.io/not-ready')
  await kubelet.updateStatus(nodes, {
    ...node,
    status: { addresses: [{ type: 'InternalIP', address: '192.0.2.9' }] },
  })
  const names = ['n9', '192.0.2.9']
  const serving = await asks(nodeUser('n9'), { purpose: 'serving', nodeName: 'n9', names })
  expect(certificateFacts(serving.certificate)).toMatchObject({ names })
  expect(issuedBy(serving.certificate, pki.authorities['kubelet-ca'].certificate)).toBe(true)
  const other: NodeCertificate = { purpose: 'client', nodeName: 'n8' }
  await expect(asks(nodeUser('n9'), other)).rejects.toThrow(
    'can only create a node CSR with CN=system:node:n9',
  )
  issuing.abort()
  await controllers
})

describe('in process', () => {
  const pods = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true }
  const accounts = { ...pods, plural: 'serviceaccounts', kind: 'ServiceAccount' }
  const namespaces = { ...pods, plural: 'namespaces', kind: 'Namespace', namespaced: false }

  test('the same gates stand: rights of the component, admission of the object', async () => {
    const admin = createClient(server.inProcess(componentUsers.server))
    await admin.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } })
    await admin.create(accounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: 'a' },
    })
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'a' },
      spec: { containers: [{ name: 'c', image: 'x' }] },
    }
    const scheduler = createClient(server.inProcess(componentUsers.scheduler))
    expect(scheduler.create(pods, pod)).rejects.toThrow(
      'pods is forbidden: User "system:kube-scheduler" cannot create resource "pods" in API group "" in the namespace "a"',
    )
    const made = await admin.create<Pod>(pods, pod)
    expect(made.spec).toMatchObject({
      serviceAccountName: 'default',
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
    })
    expect(made.spec!.volumes![0]!.name).toStartWith('kube-api-access-')
    expect(made.spec!.tolerations!.length).toBe(2)
    expect(admin.create(pods, { ...pod, metadata: { name: 'x', namespace: 'none' } })).rejects.toThrow(
      'namespaces "none" not found',
    )
  })
})

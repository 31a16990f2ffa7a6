import { describe, expect, test } from 'bun:test'
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.gen.ts'
import type { ConfigMap, Node, Secret } from '../../api/types/core-v1.gen.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { startControllers } from '../../controller/testing.ts'
import { bootstrapSigner } from './bootstrap-signer.ts'
import {
  certificateApprover,
  certificateCleaner,
  certificateSigner,
  SigningRefusedError,
} from './certificates.ts'
import { rootCaPublisher } from './root-ca.ts'
import { serviceAccountController } from './serviceaccount.ts'
import { tokenCleaner } from './token-cleaner.ts'
import { tokenSecretController } from './token-secret.ts'

const startMs = Date.UTC(2026, 0, 1)
const base64 = (text: string) => Buffer.from(text).toString('base64')

function request(
  name: string,
  conditions: { type: string; lastUpdateTime?: string }[] = [],
): CertificateSigningRequest {
  return {
    metadata: { name, creationTimestamp: toTimestamp(startMs) },
    spec: { request: base64(name), signerName: 'kubernetes.io/kube-apiserver-client-kubelet' },
    status: { conditions: conditions.map(condition => ({ status: 'True', ...condition })) },
  }
}

describe('certificate requests', () => {
  const options = {
    approve: ({ metadata }: CertificateSigningRequest) =>
      metadata.name === 'node' ? 'it is a node' : undefined,
    sign({ metadata }: CertificateSigningRequest) {
      if (metadata.name === 'forged') throw new SigningRefusedError('the key is weak')
      return `CERT of ${metadata.name}`
    },
  }

  async function world(requests: CertificateSigningRequest[]) {
    const started = startControllers([
      certificateApprover(options),
      certificateSigner(options),
      certificateCleaner,
    ])
    const { transport, ports } = started
    for (const one of requests) transport.put('certificatesigningrequests', one)
    void started.run()
    await ports.clock.advance(1_000)
    const get = (name: string) =>
      transport.object('certificatesigningrequests', name) as CertificateSigningRequest | undefined
    return { ...started, get }
  }

  test('a request that may be is approved, and only what is approved is signed', async () => {
    const { transport, get, stop } = await world([
      request('node'),
      request('stranger'),
      request('person', [{ type: 'Approved' }]),
    ])
    const approvals = transport.calls.filter(({ subresource }) => subresource === 'approval')
    expect(approvals.map(({ name }) => name)).toEqual(['node'])
    expect((approvals[0]!.body as CertificateSigningRequest).status?.conditions).toMatchObject([
      { type: 'Approved', status: 'True', reason: 'AutoApproved', message: 'it is a node' },
    ])
    expect(get('person')?.status?.certificate).toBe(base64('CERT of person'))
    expect(get('stranger')?.status?.certificate).toBeUndefined()
    stop.abort()
  })

  test('a node that comes to an address is granted what it asked for before', async () => {
    const started = startControllers([
      certificateApprover({
        ...options,
        approve: () => (started.transport.objects('nodes').length > 0 ? 'it has the address' : undefined),
      }),
    ])
    const { transport, ports, stop } = started
    transport.put('certificatesigningrequests', request('early'))
    void started.run()
    await ports.clock.advance(1_000)
    const approvals = () => transport.calls.filter(({ subresource }) => subresource === 'approval')
    expect(approvals()).toEqual([])
    const addresses = [{ type: 'InternalIP', address: '192.0.2.7' }]
    transport.put('nodes', { metadata: { name: 'n1' }, status: { addresses } } as Node)
    await ports.clock.advance(1_000)
    expect(approvals().map(({ name }) => name)).toEqual(['early'])
    stop.abort()
  })

  test('a request that must not be signed says so and is not tried again', async () => {
    const { get, stop } = await world([request('forged', [{ type: 'Approved' }])])
    expect(get('forged')?.status?.conditions?.at(-1)).toMatchObject({
      type: 'Failed',
      reason: 'SignerValidationFailure',
      message: 'the key is weak',
    })
    stop.abort()
  })

  test('requests are forgotten an hour after they were decided, a day after nobody did', async () => {
    const { ports, get, stop } = await world([
      request('denied', [{ type: 'Denied', lastUpdateTime: toTimestamp(startMs) }]),
      request('open'),
    ])
    await ports.clock.advance(3_500_000)
    expect(get('denied')).toBeDefined()
    await ports.clock.advance(200_000)
    expect([get('denied'), get('open') !== undefined]).toEqual([undefined, true])
    await ports.clock.advance(86_400_000)
    expect(get('open')).toBeUndefined()
    stop.abort()
  })
})

test('a bootstrap token goes when its time is over, others stay', async () => {
  const { transport, ports, stop, run } = startControllers([tokenCleaner])
  const token = (name: string, expiration: string | undefined): Secret => ({
    metadata: { name, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    data: expiration ? { expiration: base64(expiration) } : {},
  })
  transport.put('secrets', token('hour', toTimestamp(startMs + 3_600_000)))
  transport.put('secrets', token('forever', undefined))
  transport.put('secrets', token('garbled', 'tomorrow'))
  void run()
  await ports.clock.advance(3_500_000)
  expect(transport.objects('secrets').map(({ metadata }) => metadata.name)).toEqual(['hour', 'forever'])
  await ports.clock.advance(200_000)
  expect(transport.objects('secrets').map(({ metadata }) => metadata.name)).toEqual(['forever'])
  stop.abort()
})

test('who joins can believe what is signed with their token, as long as it may sign', async () => {
  const { transport, ports, stop, run } = startControllers([bootstrapSigner])
  const token = (id: string, more: Record<string, string> = {}): Secret => {
    const told = {
      'token-id': id,
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-signing': 'true',
      ...more,
    }
    return {
      metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
      data: Object.fromEntries(Object.entries(told).map(([key, value]) => [key, base64(value)])),
    }
  }
  transport.put('secrets', token('abcdef'))
  transport.put('secrets', token('bbbbbb', { 'usage-bootstrap-signing': 'false' }))
  transport.put('secrets', token('cccccc', { expiration: toTimestamp(startMs - 1_000) }))
  const metadata = { name: 'cluster-info', namespace: 'kube-public' }
  transport.put('configmaps', {
    metadata,
    data: { kubeconfig: 'hello', 'jws-kubeconfig-zzzzzz': 'old' },
  } as never)
  void run()
  await ports.clock.advance(100)
  const data = () => (transport.object('configmaps', 'kube-public/cluster-info') as ConfigMap).data
  // What a stock controller manager signs "hello" with.
  const header = 'eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9'
  expect(data()).toEqual({
    kubeconfig: 'hello',
    'jws-kubeconfig-abcdef': `${header}..MxsnbCjBaYzcbNIFa06F-wuF9LX26rhMlrL4zA1511s`,
  })
  transport.remove('secrets', 'kube-system/bootstrap-token-abcdef')
  await ports.clock.advance(100)
  expect(data()).toEqual({ kubeconfig: 'hello' })
  stop.abort()
})

test('account and CA of a namespace come back when they are deleted or changed, but not while it goes', async () => {
  const { transport, ports, stop, run } = startControllers([
    serviceAccountController,
    rootCaPublisher(() => 'CA'),
  ])
  transport.put('namespaces', { metadata: { name: 'shop' } })
  transport.put('namespaces', { metadata: { name: 'old', deletionTimestamp: '2026-01-01T00:00:00Z' } })
  void run()
  await ports.clock.advance(100)
  transport.remove('serviceaccounts', 'shop/default')
  const config = transport.object('configmaps', 'shop/kube-root-ca.crt')!
  transport.put('configmaps', { ...config, data: { 'ca.crt': 'forged' } } as never)
  await ports.clock.advance(100)
  expect(transport.objects('serviceaccounts').map(({ metadata }) => metadata.namespace)).toEqual(['shop'])
  expect(transport.objects('configmaps')).toMatchObject([
    { metadata: { namespace: 'shop' }, data: { 'ca.crt': 'CA' } },
  ])
  stop.abort()
})

test('a token secret of an account that is not there is deleted', async () => {
  const options = { rootCaPem: () => 'CA', signToken: () => 'TOKEN' }
  const { transport, ports, stop, run } = startControllers([tokenSecretController(options)])
  const secret = (name: string, account: string): Secret => ({
    metadata: { name, namespace: 'shop', annotations: { 'kubernetes.io/service-account.name': account } },
    type: 'kubernetes.io/service-account-token',
  })
  transport.put('serviceaccounts', { metadata: { name: 'robot', namespace: 'shop' } })
  transport.put('secrets', secret('good', 'robot'))
  transport.put('secrets', secret('lost', 'nobody'))
  void run()
  await ports.clock.advance(100)
  expect(transport.objects('secrets')).toMatchObject([
    { metadata: { name: 'good' }, data: { token: base64('TOKEN'), namespace: base64('shop') } },
  ])
  transport.remove('serviceaccounts', 'shop/robot')
  await ports.clock.advance(100)
  expect(transport.objects('secrets')).toEqual([])
  stop.abort()
})

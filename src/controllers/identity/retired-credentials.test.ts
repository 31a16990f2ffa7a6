import { expect, test } from 'bun:test'
import type { ClusterTrustBundle, PodCertificateRequest } from '../../api/types/certificates-v1beta1.gen.ts'
import type { Pod, Secret, ServiceAccount } from '../../api/types/core-v1.gen.ts'
import type { Catalog } from '../../client/catalog.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { startControllers } from '../../controller/testing.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { legacyTokenCleaner } from './legacy-token-cleaner.ts'
import { podCertificateCleaner } from './pod-certificate-cleaner.ts'
import { trustBundlePublisher } from './trust-bundle-publisher.ts'

const dayMs = 86_400_000
const type = 'kubernetes.io/service-account-token'

test('tokens that nobody asked for and nobody uses are invalidated first and deleted later', async () => {
  const { transport, ports, run, stop } = startControllers([legacyTokenCleaner(2 * dayMs)])
  const nowMs = ports.clock.nowMs()
  const long = toTimestamp(nowMs - 100 * dayMs)
  const today = long.replace(/T.*/, '')
  transport.put('configmaps', {
    metadata: { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' },
    ...{ data: { since: today } },
  } as KubeObject)
  const names = ['old', 'used', 'mounted', 'wanted', 'young']
  const auto = names.filter(name => name !== 'wanted').map(name => ({ name }))
  transport.put('serviceaccounts', {
    metadata: { namespace: 'shop', name: 'a' },
    secrets: auto,
  } as ServiceAccount)
  for (const name of names) {
    const used = { 'kubernetes.io/legacy-token-last-used': toTimestamp(nowMs).replace(/T.*/, '') }
    const creationTimestamp = name === 'young' ? toTimestamp(nowMs) : long
    const annotations = { 'kubernetes.io/service-account.name': 'a' }
    const labels = name === 'used' ? used : {}
    const metadata = { namespace: 'shop', name, creationTimestamp, annotations, labels }
    transport.put('secrets', { type, metadata } as Secret)
  }
  transport.put('pods', {
    metadata: { namespace: 'shop', name: 'p' },
    spec: { containers: [], volumes: [{ name: 'v', secret: { secretName: 'mounted' } }] },
  } as Pod)
  void run()
  const marks = () =>
    (transport.objects('secrets') as Secret[]).map(({ metadata }) => [
      metadata.name,
      metadata.labels?.['kubernetes.io/legacy-token-invalid-since'] !== undefined,
    ])
  await ports.clock.advance(1_000)
  expect(marks()).toEqual(names.map(name => [name, name === 'old']))
  await ports.clock.advance(dayMs)
  expect(transport.object('secrets', 'shop/old')).toBeDefined()
  await ports.clock.advance(3 * dayMs)
  expect(transport.object('secrets', 'shop/old')).toBeUndefined()
  expect(transport.object('secrets', 'shop/mounted')).toBeDefined()
  expect(transport.object('secrets', 'shop/wanted')).toBeDefined()
  stop.abort()
})

test('requests of pods for certificates go after a quarter of an hour', async () => {
  const { transport, ports, run, stop } = startControllers([podCertificateCleaner])
  const creationTimestamp = toTimestamp(ports.clock.nowMs())
  transport.put('podcertificaterequests', {
    metadata: { namespace: 'shop', name: 'r', creationTimestamp },
  } as PodCertificateRequest)
  void run()
  await ports.clock.advance(14 * 60_000)
  expect(transport.objects('podcertificaterequests')).toHaveLength(1)
  await ports.clock.advance(2 * 60_000)
  expect(transport.objects('podcertificaterequests')).toEqual([])
  stop.abort()
})

test('the server’s authority is in one bundle of its own, and in none that is older', async () => {
  const catalog = { all: () => [{ plural: 'clustertrustbundles' }] } as unknown as Catalog
  const { transport, ports, run, stop } = startControllers([trustBundlePublisher(catalog, () => 'ROOT CA')])
  const signerName = 'kubernetes.io/kube-apiserver-serving'
  const put = (name: string, signer: string) =>
    transport.put('clustertrustbundles', {
      metadata: { name },
      spec: { signerName: signer, trustBundle: 'OLD' },
    } as ClusterTrustBundle)
  put('kubernetes.io:kube-apiserver-serving:old', signerName)
  put('example.com:s:x', 'example.com/s')
  void run()
  await ports.clock.advance(1_000)
  const found = transport.objects('clustertrustbundles') as ClusterTrustBundle[]
  expect(found.map(({ metadata, spec }) => [metadata.name, spec.trustBundle])).toEqual([
    ['example.com:s:x', 'OLD'],
    // sha256 of the text, its first twelve bytes.
    [`kubernetes.io:kube-apiserver-serving:${digest}`, 'ROOT CA'],
  ])
  stop.abort()
})

const digest = new Bun.CryptoHasher('sha256').update('ROOT CA').digest('hex').slice(0, 24)

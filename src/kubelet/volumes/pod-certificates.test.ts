import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { validateCertificateRequest } from '../../api/certificates/pod-certificate-spec.ts'
import type { PodCertificateRequest } from '../../api/types/certificates-v1beta1.gen.ts'
import type { Node } from '../../api/types/core-v1.gen.ts'
import { createClient } from '../../client/client.ts'
import { FakeTransport } from '../../client/testing.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { simPorts } from '../../std/sim-ports.ts'
import { createReferences } from '../references.ts'
import { testConfig, testPod } from '../testing.ts'
import { createPodKey } from './pod-key.ts'
import { createVolumes } from './volumes.ts'

const pem = (body: string) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`
const hourMs = 3_600_000
const podCertificate = {
  signerName: 'example.com/signer',
  keyType: 'ECDSAP256',
  maxExpirationSeconds: 86_400,
  credentialBundlePath: 'bundle.pem',
  keyPath: 'key.pem',
  certificateChainPath: 'chain.pem',
  userAnnotations: { 'example.com/a': 'b' },
}
const pod = testPod('web', {
  volumes: [{ name: 'v', projected: { defaultMode: 0o644, sources: [{ podCertificate }] } }],
})

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'hutch-pod-certificates-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function set() {
  const ports = simPorts()
  const api = new FakeTransport()
  const client = createClient(api)
  const notes: string[] = []
  const volumes = createVolumes({
    ...{ client, ports, references: createReferences({ client, ports }) },
    config: { ...testConfig, dataDir: dir },
    node: () => ({ metadata: { name: 'n1', uid: 'uid-of-n1' } }) as Node,
    events: (_, { reason, message }) => notes.push(`${reason}: ${message}`),
  })
  const requests = () => api.objects('podcertificaterequests') as PodCertificateRequest[]
  /** Keys are made beside the clock of the test. */
  const until = async (condition: () => boolean) => {
    while (!condition()) {
      await ports.clock.advance(1)
      await Bun.sleep(2)
    }
  }
  const answer = (type: string, more: object = {}) => {
    const request = requests().at(-1)!
    const condition = { type, status: 'True', reason: 'Because', message: 'said so' }
    api.put('podcertificaterequests', { ...request, status: { conditions: [condition], ...more } } as never)
  }
  const issue = (body: string) => {
    const nowMs = ports.clock.nowMs()
    answer('Issued', {
      certificateChain: `a note\n${pem(body)}`,
      notBefore: toTimestamp(nowMs),
      beginRefreshAt: toTimestamp(nowMs + hourMs),
      notAfter: toTimestamp(nowMs + 2 * hourMs),
    })
  }
  const putAccount = () =>
    api.put('serviceaccounts', { metadata: { name: 'default', namespace: 'default' } } as never)
  const text = (name: string) =>
    readFileSync(path.join(dir, 'pods', pod.metadata.uid!, 'volumes/projected~v', name), 'utf8')
  return { api, ports, volumes, notes, requests, until, answer, issue, putAccount, text }
}

async function failureOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    error => String(error),
  )
}

test('a certificate is asked for with a key of its own, and renewed when its time has come', async () => {
  const { ports, volumes, requests, until, issue, putAccount, text } = set()
  putAccount()
  const signal = new AbortController().signal
  expect(await failureOf(volumes.setUp(pod, signal))).toContain('credential bundle is not issued yet')
  await until(() => requests().length === 1)
  const [first] = requests()
  const errors = createFieldErrors()
  validateCertificateRequest(first!, errors)
  expect(errors.list).toEqual([])
  const { pkixPublicKey: _key, proofOfPossession: _proof, ...spec } = first!.spec
  expect(spec).toEqual({
    signerName: 'example.com/signer',
    podName: 'web',
    podUID: 'uid-of-web',
    serviceAccountName: 'default',
    serviceAccountUID: spec.serviceAccountUID,
    nodeName: 'n1',
    nodeUID: 'uid-of-n1',
    maxExpirationSeconds: 86_400,
    unverifiedUserAnnotations: { 'example.com/a': 'b' },
  })
  issue('QUFB')
  await until(() => volumesHave(text, 'chain.pem', pem('QUFB')))
  await volumes.setUp(pod, signal)
  expect(text('bundle.pem')).toBe(text('key.pem') + pem('QUFB'))
  expect(text('key.pem')).toStartWith('-----BEGIN PRIVATE KEY-----')
  const firstKey = text('key.pem')
  await ports.clock.advance(hourMs - 10_000)
  expect(requests()).toHaveLength(1)
  await ports.clock.advance(310_000)
  await until(() => requests().length === 2)
  expect(text('key.pem')).toBe(firstKey)
  issue('QkJC')
  await until(() => volumesHave(text, 'chain.pem', pem('QkJC')))
  expect(text('key.pem')).not.toBe(firstKey)
  await volumes.tearDown(pod.metadata.uid!)
  await ports.clock.advance(2 * hourMs)
  expect(requests()).toHaveLength(2)
})

function volumesHave(text: (name: string) => string, name: string, wanted: string): boolean {
  try {
    return text(name) === wanted
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error
    return false
  }
}

test('a signer that says no is not asked again, and the pod hears why', async () => {
  const { ports, volumes, notes, requests, until, answer, putAccount } = set()
  putAccount()
  const signal = new AbortController().signal
  await failureOf(volumes.setUp(pod, signal))
  await until(() => requests().length === 1)
  answer('Denied')
  await until(() => notes.length > 0)
  const id = `default/${requests()[0]!.metadata.name}`
  expect(notes).toEqual([
    `Denied: PodCertificateRequest ${id} was denied, reason="Because", message="said so"`,
  ])
  expect(await failureOf(volumes.setUp(pod, signal))).toContain(
    'PodCertificateRequest was permanently denied: reason="Because" message="said so"',
  )
  await ports.clock.advance(2 * hourMs)
  expect(requests()).toHaveLength(1)
  await volumes.tearDown(pod.metadata.uid!)
})

test('a request that somebody deletes is made again; a late renewal is warned of once', async () => {
  const { api, ports, volumes, notes, requests, until, issue, putAccount } = set()
  const signal = new AbortController().signal
  await failureOf(volumes.setUp(pod, signal))
  await ports.clock.advance(1_000)
  putAccount()
  await until(() => requests().length === 1)
  const name = requests()[0]!.metadata.name!
  api.remove('podcertificaterequests', `default/${name}`)
  await ports.clock.advance(15 * 60_000)
  await until(() => requests().length === 1)
  expect(requests()[0]!.metadata.name).not.toBe(name)
  issue('QUFB')
  await ports.clock.advance(3 * hourMs)
  await until(() => notes.length === 2)
  expect(notes).toEqual([
    'CertificateOverdueForRefresh: PodCertificate refresh overdue',
    'CertificateExpired: PodCertificate expired',
  ])
  await volumes.tearDown(pod.metadata.uid!)
})

test('keys of every type pass the checks of the server', async () => {
  for (const keyType of ['ED25519', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'RSA3072']) {
    const { publicKey, proof } = await createPodKey(keyType, 'uid')
    const errors = createFieldErrors()
    const named = { podName: 'p', podUID: 'uid', nodeName: 'n', nodeUID: 'n' }
    const account = { serviceAccountName: 'a', serviceAccountUID: 'a' }
    const asked = { signerName: 'example.com/s', maxExpirationSeconds: 3600, ...named, ...account }
    const spec = { ...asked, pkixPublicKey: publicKey, proofOfPossession: proof }
    validateCertificateRequest({ metadata: {}, spec } as PodCertificateRequest, errors)
    expect(errors.list).toEqual([])
  }
  expect(await failureOf(createPodKey('DSA', 'uid'))).toContain('unknown key type "DSA"')
}, 60_000)

import { expect, test } from 'bun:test'
import { generateKeyPairSync, sign } from 'node:crypto'
import type { ClusterTrustBundle, PodCertificateRequest } from '../types/certificates-v1beta1.gen.ts'
import { validateForCreate, validateForUpdate } from '../validate-object.ts'
import { clusterTrustBundles } from './cluster-trust-bundle.ts'
import { podCertificateRequests } from './pod-certificate-request.ts'

const uid = 'the-pod'
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const spec = {
  ...{ signerName: 'example.org/signer', podName: 'p', podUID: uid },
  ...{ serviceAccountName: 'default', serviceAccountUID: 'account', nodeName: 'n', nodeUID: 'node' },
  maxExpirationSeconds: 86_400,
  pkixPublicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  proofOfPossession: sign('sha256', Buffer.from(uid), privateKey).toString('base64'),
}
const request = (change: object = {}, status: object = {}) =>
  ({
    metadata: { name: 'r', namespace: 'n', uid: 'u', resourceVersion: '1' },
    spec: { ...spec, ...change },
    status,
  }) as PodCertificateRequest
const refused = (change: object) =>
  validateForCreate(podCertificateRequests as never, request(change)).map(
    ({ field, message }) => `${field}: ${message}`,
  )

test('who asks for a pod’s certificate has the key of it', () => {
  expect(refused({})).toEqual([])
  expect(refused({ podUID: 'another' })).toEqual([
    'spec.proofOfPossession: Invalid value: could not verify proof-of-possession signature',
  ])
  expect(refused({ maxExpirationSeconds: 60 })).toEqual([
    'spec.maxExpirationSeconds: Invalid value: 60: must be in the range [3600, 7862400]',
  ])
})

test('weak keys are refused by name', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
  const pkixPublicKey = weak.export({ format: 'der', type: 'spki' }).toString('base64')
  expect(refused({ pkixPublicKey })).toEqual([
    'spec.pkixPublicKey: Invalid value: "2048-bit modulus": RSA keys must have modulus size 3072 or 4096',
  ])
})

test('an answer is given once', () => {
  const door = podCertificateRequests.subresources.find(({ name }) => name === 'status')!
  const condition = (type: string) => ({
    conditions: [{ type, status: 'True', reason: 'R', lastTransitionTime: '2026-01-01T00:00:00Z' }],
  })
  const faults = (status: object, before: object) =>
    validateForUpdate(
      podCertificateRequests as never,
      request({}, status) as never,
      request({}, before) as never,
      { rules: door.strategy as never },
    ).map(({ field, message }) => `${field}: ${message}`)
  expect(faults(condition('Denied'), {})).toEqual([])
  expect(faults(condition('Failed'), condition('Denied'))).toEqual([
    'status: Invalid value: immutable after PodCertificateRequest is issued, denied, or failed',
  ])
  expect(faults({ certificateChain: 'x' }, {})).toEqual([
    'status: Invalid value: status is immutable unless transitioning to "Issued", "Denied", or "Failed"',
  ])
})

test('a trust bundle is named after its signer and holds authorities', () => {
  const faults = (name: string, signerName: string | undefined, trustBundle: string) =>
    validateForCreate(
      clusterTrustBundles as never,
      { metadata: { name }, spec: { signerName, trustBundle } } as ClusterTrustBundle as never,
    ).map(({ message }) => message)
  expect(faults('a', 'example.org/s', '')).toEqual([
    'Invalid value: "a": ClusterTrustBundle for signerName example.org/s must be named with prefix example.org:s:',
    'Invalid value: "<value omitted>": at least one trust anchor must be provided',
  ])
  const key = '-----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----\n'
  expect(faults('a', undefined, key)).toEqual([
    'Invalid value: "<value omitted>": entry 0 has bad block type: PRIVATE KEY',
  ])
})

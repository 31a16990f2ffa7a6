import { expect, test } from 'bun:test'
import type { AdmissionRequest, Authorizer } from '../context.ts'
import { podCertificateSigning, trustBundleAttest } from './pod-certificates.ts'

const request = (plural: string, subresource: string, objects: object) =>
  ({
    operation: 'UPDATE',
    resource: { group: 'certificates.k8s.io', plural },
    info: { subresource, name: 'x' },
    user: { username: 'jane', groups: [] },
    ...objects,
  }) as unknown as AdmissionRequest
const only =
  (verb: string): Authorizer =>
  async ({ info }) => ({ decision: info.verb === verb ? 'allow' : 'noOpinion', reason: '' })
const bundle = (trustBundle: string) => ({
  metadata: { name: 'x' },
  spec: { signerName: 'a.b/c', trustBundle },
})

test('to change a signer’s trust bundle one needs the right to attest for it', async () => {
  const change = request('clustertrustbundles', '', { object: bundle('new'), oldObject: bundle('old') })
  expect(trustBundleAttest(only('attest')).handles(change)).toBe(true)
  await trustBundleAttest(only('attest')).validate!(change)
  await expect(trustBundleAttest(only('get')).validate!(change)).rejects.toThrow(
    'user not permitted to attest for signerName "a.b/c"',
  )
  const same = request('clustertrustbundles', '', { object: bundle('old'), oldObject: bundle('old') })
  await trustBundleAttest(only('get')).validate!(same)
})

test('to answer a pod’s request one needs the right to sign', async () => {
  const oldObject = { metadata: { name: 'x' }, spec: { signerName: 'a.b/c' } }
  const object = { ...oldObject, status: { conditions: [{ type: 'Denied', status: 'True' }] } }
  const change = request('podcertificaterequests', 'status', { object, oldObject })
  expect(podCertificateSigning(only('sign')).handles(change)).toBe(true)
  await podCertificateSigning(only('sign')).validate!(change)
  await expect(podCertificateSigning(only('get')).validate!(change)).rejects.toThrow(
    'User "jane" is not permitted to "sign" for signer "a.b/c"',
  )
})

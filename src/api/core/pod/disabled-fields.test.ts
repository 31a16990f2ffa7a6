import { afterEach, expect, test } from 'bun:test'
import { createFeatures } from '../../features/features.ts'
import { putInForce } from '../../features/in-force.ts'
import type { PodSpec, VolumeProjection } from '../../types/core-v1.gen.ts'
import { dropPodFields } from './disabled-fields.ts'

afterEach(() => putInForce(createFeatures()))

const both: readonly VolumeProjection[] = [
  { clusterTrustBundle: { name: 'roots', path: 'ca.pem' } },
  { podCertificate: { signerName: 'example.com/s', keyType: 'ED25519', keyPath: 'key.pem' } },
]
const specOf = (sources: readonly VolumeProjection[]): PodSpec => ({
  containers: [],
  volumes: [{ name: 'v', projected: { sources: structuredClone([...sources]) } }],
})
const left = (spec: PodSpec) => spec.volumes?.[0]?.projected?.sources

test('projected bundles and certificates are dropped while their gates are off', () => {
  const spec = specOf(both)
  dropPodFields(spec)
  expect(left(spec)).toEqual([{}, {}])
})

test('what the pod had already stays', () => {
  const spec = specOf(both)
  dropPodFields(spec, specOf(both.slice(0, 1)))
  expect(left(spec)).toEqual([both[0]!, {}])
})

test('each gate keeps its own', () => {
  putInForce(createFeatures(['ClusterTrustBundleProjection=true']))
  const spec = specOf(both)
  dropPodFields(spec)
  expect(left(spec)).toEqual([both[0]!, {}])
})

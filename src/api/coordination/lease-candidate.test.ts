import { expect, test } from 'bun:test'
import type { LeaseCandidate, LeaseCandidateSpec } from '../types/coordination-v1beta1.gen.ts'
import { validateForCreate } from '../validate-object.ts'
import { leaseCandidates } from './lease-candidate.ts'

const errorsOf = (spec: Partial<LeaseCandidateSpec>) => {
  const object = { metadata: { name: 'a', namespace: 'b' }, spec } as LeaseCandidate
  return validateForCreate(leaseCandidates as never, object).map(
    ({ field, message }) => `${field}: ${message}`,
  )
}
const fine = {
  ...{ leaseName: 'x', binaryVersion: '1.35.0', emulationVersion: '1.34.0' },
  strategy: 'OldestEmulationVersion',
}

test('a candidate names its lease, its versions and how the best one is chosen', () => {
  expect(errorsOf(fine)).toEqual([])
  expect(errorsOf({ ...fine, strategy: 'my.org/Best' })).toEqual([])
  expect(errorsOf({}).map(text => text.split(':')[0])).toEqual([
    ...['spec.leaseName', 'spec.binaryVersion', 'spec.strategy'],
  ])
})

test.each([
  [{ binaryVersion: '1.33.0' }, 'must be greater than or equal to `emulationVersion`'],
  [{ binaryVersion: '1.35' }, 'must be a valid semantic version'],
  [{ emulationVersion: '' }, "must be specified when `strategy` is 'OldestEmulationVersion'"],
])('%j: %s', (change, text) => {
  expect(errorsOf({ ...fine, ...change })).toEqual([expect.stringContaining(text)])
})

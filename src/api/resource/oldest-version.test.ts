import { expect, test } from 'bun:test'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { validateForCreate } from '../validate-object.ts'
import { resourceClaimsOldest } from './resource-claim.ts'
import { resourceSlicesOldest } from './resource-slice.ts'

const claim = (...requests: object[]) =>
  ({
    apiVersion: 'resource.k8s.io/v1beta1',
    kind: 'ResourceClaim',
    metadata: { name: 'c', namespace: 'n' },
    spec: { devices: { requests } },
  }) as KubeObject
const slice = {
  apiVersion: 'resource.k8s.io/v1beta1',
  kind: 'ResourceSlice',
  metadata: { name: 's' },
  spec: { driver: 'd.example', nodeName: 'n', devices: [{ name: 'a', basic: { capacity: {} } }] },
} as KubeObject

test('a request of v1beta1 is stored as an exact one, and comes back as it was', () => {
  const object = claim({ name: 'r', deviceClassName: 'x', count: 2 }, { name: 's', firstAvailable: [] })
  const { toStorage, fromStorage } = resourceClaimsOldest.conversion!
  const stored = toStorage(object)
  expect(stored).toMatchObject({
    apiVersion: 'resource.k8s.io/v1',
    spec: {
      devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'x', count: 2 } }, { name: 's' }] },
    },
  })
  expect(fromStorage(stored)).toEqual(object)
})

test('a device of v1beta1 is stored without its basic level, and comes back as it was', () => {
  const { toStorage, fromStorage } = resourceSlicesOldest.conversion!
  const stored = toStorage(slice)
  expect(stored).toMatchObject({ spec: { devices: [{ name: 'a', capacity: {} }] } })
  expect(fromStorage(stored)).toEqual(slice)
})

test('v1beta1 is defaulted as its own and judged in the stored form', () => {
  const object = claim({ name: 'r', deviceClassName: 'Not Valid!' })
  resourceClaimsOldest.strategy.setDefaults?.(object as never)
  expect(object).toEqual(
    claim({ name: 'r', deviceClassName: 'Not Valid!', allocationMode: 'ExactCount', count: 1 }),
  )
  const faults = validateForCreate(resourceClaimsOldest as never, object)
  expect(faults.map(({ field }) => field)).toEqual(['spec.devices.requests[0].exactly.deviceClassName'])
})

import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../machinery/meta/object.ts'
import { SimClock } from '../../../std/sim-ports.ts'
import { ReviewError } from '../../remote-review/ask-again.ts'
import { run } from '../testing.ts'
import { imagePolicyWebhook, readImagePolicy } from './image-policy.ts'

const pod = {
  metadata: {
    name: 'p',
    namespace: 'n',
    annotations: { 'a.image-policy.k8s.io/ticket': 'T1', other: 'x' },
  },
  spec: { containers: [{ name: 'c', image: 'main' }], initContainers: [{ name: 'i', image: 'first' }] },
}

function setup(answer: () => JsonObject, defaultAllow = false) {
  const clock = new SimClock(0)
  const asked: JsonObject[] = []
  const plugin = imagePolicyWebhook({
    settings: {
      ...{ kubeConfigFile: '/k', allowTtlMs: 60_000, denyTtlMs: 10_000, retryBackoffMs: 1, defaultAllow },
    },
    post: async review => {
      asked.push(structuredClone(review) as JsonObject)
      return answer()
    },
    clock,
  })
  return { clock, asked, ask: (more: object = {}) => run(plugin, { what: 'pods', object: pod, ...more }) }
}

describe('ImagePolicyWebhook', () => {
  test('asks about the images and the annotations that are meant for it, and keeps the answer', async () => {
    const { clock, asked, ask } = setup(() => ({ status: { allowed: true } }))
    expect((await ask()).refused).toBeUndefined()
    expect(asked).toEqual([
      {
        apiVersion: 'imagepolicy.k8s.io/v1alpha1',
        kind: 'ImageReview',
        metadata: {},
        spec: {
          containers: [{ image: 'main' }, { image: 'first' }],
          annotations: { 'a.image-policy.k8s.io/ticket': 'T1' },
          namespace: 'n',
        },
        status: { allowed: false },
      },
    ])
    await ask()
    expect(asked).toHaveLength(1)
    await clock.advance(60_001)
    await ask()
    expect(asked).toHaveLength(2)
  })
  test('refuses with the reason of the service', async () => {
    const { ask } = setup(() => ({ status: { allowed: false, reason: 'unsigned' } }))
    const why = 'image policy webhook backend denied one or more images: unsigned'
    expect((await ask()).refused).toBe(`pods "p" is forbidden: ${why}`)
    const { ask: silent } = setup(() => ({}))
    expect((await silent()).refused).toBe(
      'pods "p" is forbidden: one or more images rejected by webhook backend',
    )
  })
  test('without an answer pods are refused, or pass when that is wished', async () => {
    const fail = () => {
      throw new ReviewError('Post "https://x": connection refused', false)
    }
    expect((await setup(fail).ask()).refused).toBe(
      'pods "p" is forbidden: Post "https://x": connection refused',
    )
    expect((await setup(fail, true).ask()).refused).toBeUndefined()
  })
  test('of a debugging container only its image is asked about', async () => {
    const { asked, ask } = setup(() => ({ status: { allowed: true } }))
    const spec = { ...pod.spec, ephemeralContainers: [{ name: 'd', image: 'debug' }] }
    await ask({ operation: 'UPDATE', subresource: 'ephemeralcontainers', object: { ...pod, spec } })
    expect(asked[0]).toMatchObject({ spec: { containers: [{ image: 'debug' }] } })
  })
})

describe('its configuration', () => {
  test('has defaults, and -1 for never', () => {
    expect(readImagePolicy('imagePolicy: {kubeConfigFile: /k, denyTTL: -1, retryBackoff: 20}')).toEqual({
      ...{ kubeConfigFile: '/k', allowTtlMs: 300_000, denyTtlMs: 0, retryBackoffMs: 20, defaultAllow: false },
    })
  })
  test('a time out of range is refused', () => {
    expect(() => readImagePolicy('imagePolicy: {allowTTL: 1801}')).toThrow(
      'valid value is between 1s and 30m0s, got 30m1s',
    )
  })
})

import { expect, test } from 'bun:test'
import { printed } from '../../machinery/schema/printed.ts'
import { builtinKind } from './index.ts'

const time = '2026-01-02T03:04:05Z'

test('what Go prints as null is null, and the object itself stays as it is', () => {
  const event = Object.freeze({ reason: 'x', lastTimestamp: time })
  const shown = printed(builtinKind('', 'v1', 'Event'), event) as Record<string, unknown>
  expect(shown).toEqual({ reason: 'x', lastTimestamp: time, eventTime: null, firstTimestamp: null })
  expect(event).toEqual({ reason: 'x', lastTimestamp: time })
})

test('nulls are found below lists, and what gains none is shared', () => {
  const pod = {
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'c' }] },
    status: {
      conditions: [{ type: 'Ready', lastProbeTime: time, lastTransitionTime: time }, { type: 'New' }],
    },
  }
  const shown = printed(builtinKind('', 'v1', 'Pod'), pod)
  expect(shown.status.conditions[1]).toEqual({
    type: 'New',
    lastProbeTime: null,
    lastTransitionTime: null,
  } as never)
  expect(shown.status.conditions[0]).toBe(pod.status.conditions[0]!)
  expect(shown.spec).toBe(pod.spec)
  expect(shown.metadata).toBe(pod.metadata)
})

test('a kind without such fields comes back as it is', () => {
  const map = { metadata: {}, data: { a: 'b' } }
  expect(printed(builtinKind('', 'v1', 'ConfigMap'), map)).toBe(map)
})

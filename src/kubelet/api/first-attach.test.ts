import { expect, test } from 'bun:test'
import { KubeletApi } from './handlers.ts'
import type { ApiOptions } from './sources.ts'

const target = { namespace: 'default', pod: 'p', uid: undefined }

/** The API over one pod whose containers are these. */
function apiOf(...containers: object[]): KubeletApi {
  const pod = { metadata: { namespace: 'default', name: 'p', uid: 'u' }, spec: { containers } }
  const worker = { pod }
  return new KubeletApi({ ports: {}, workers: () => ({ list: () => [worker] }) } as unknown as ApiOptions)
}

test('only a container for one client has a first one, and each run of it has its own', () => {
  const api = apiOf({ name: 'once', stdin: true, stdinOnce: true }, { name: 'shared', stdin: true })
  const ask = (container: string, id: string) => api.attachesFirst({ ...target, container }, id)
  expect([ask('once', 'a'), ask('once', 'a'), ask('once', 'b')]).toEqual([true, false, true])
  expect(ask('shared', 'c')).toBe(false)
})

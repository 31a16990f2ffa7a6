import { expect, test } from 'bun:test'
import type { Node, Pod } from '../api/types/core-v1.gen.ts'
import type { ApiCall, Transport, WatchEvent } from '../client/transport.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import { createInvariants } from './invariants.ts'
import type { TraceLine } from './trace.ts'
import { createWatchAudit } from './watch-audit.ts'

function commit(revision: number, key: string, object: KubeObject): TraceLine {
  const value = Buffer.from(JSON.stringify(object))
  const pod = key.startsWith('/registry/core/pods/') ? (object as Pod) : undefined
  return { atMs: 0, event: { type: 'put', key, value, createRevision: revision, revision }, pod }
}

function boundPod(name: string, nodeName: string, cpu = '100m'): Pod {
  const containers = [{ name: 'main', resources: { requests: { cpu } } }]
  return { metadata: { name, uid: `uid-${name}` }, spec: { nodeName, containers } } as Pod
}

const podKey = (name: string) => `/registry/core/pods/default/${name}`

test('a pod that changes its node is found', () => {
  const invariants = createInvariants()
  invariants.take(commit(1, podKey('a'), boundPod('a', 'n1')))
  expect(invariants.failures).toEqual([])
  invariants.take(commit(2, podKey('a'), boundPod('a', 'n2')))
  expect(invariants.failures).toEqual([`${podKey('a')} was bound to n1, then to n2`])
})

test('a node with more than its allocatable is found', () => {
  const invariants = createInvariants()
  const node = {
    metadata: { name: 'n1' },
    status: { allocatable: { cpu: '1', pods: '10' } },
  } as unknown as Node
  invariants.take(commit(1, '/registry/core/nodes/n1', node))
  invariants.take(commit(2, podKey('a'), boundPod('a', 'n1', '600m')))
  expect(invariants.failures).toEqual([])
  invariants.take(commit(3, podKey('b'), boundPod('b', 'n1', '600m')))
  expect(invariants.failures).toEqual([`${podKey('b')} overfills n1: 2 pods, 1200m of 1000m CPU`])
})

test('a revision that goes back is found', () => {
  const invariants = createInvariants()
  invariants.take(commit(2, podKey('a'), boundPod('a', 'n1')))
  invariants.take(commit(2, podKey('a'), boundPod('a', 'n1')))
  expect(invariants.failures).toEqual(['revision 2 came after 2'])
})

async function watching(revisions: readonly number[], fieldSelector?: string) {
  const audit = createWatchAudit()
  const nodes = ['n1', 'n1', 'n2', 'n1']
  nodes.forEach((node, index) => {
    const pod = boundPod(`p${index}`, node)
    audit.take(commit(index + 1, podKey(`p${index}`), pod))
  })
  const events = revisions.map(
    revision =>
      ({ type: 'ADDED', object: { metadata: { resourceVersion: String(revision) } } }) as WatchEvent,
  )
  const inner: Transport = {
    call: () => Promise.reject(new Error('not called')),
    watch: async (_call, sink) => sink(events),
  }
  const options = { resourceVersion: '1', ...(fieldSelector && { fieldSelector }) }
  const call: ApiCall = { verb: 'watch', group: '', version: 'v1', resource: 'pods', options }
  await audit.wrap(inner, 'w').watch(call, () => {}, new AbortController().signal)
  return audit.failures
}

test('a watcher that is told every commit once and in order is content', async () => {
  expect(await watching([2, 3, 4])).toEqual([])
  expect(await watching([2, 4], 'spec.nodeName=n1')).toEqual([])
})

test('a commit left out, told twice, out of order or to the wrong watcher is found', async () => {
  expect(await watching([2, 4])).toEqual(['w watching core/pods from 1 was told 4 where commit 3 was due'])
  expect(await watching([2, 2])).toEqual(['w watching core/pods from 1 was told 2 where commit 3 was due'])
  expect(await watching([3, 2])).toHaveLength(1)
  expect(await watching([3], 'spec.nodeName=n1')).toHaveLength(1)
})

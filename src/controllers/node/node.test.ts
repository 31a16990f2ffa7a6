import { describe, expect, test } from 'bun:test'
import { toleratesTaint } from '../../api/shared/toleration.ts'
import type { Lease } from '../../api/types/coordination-v1.gen.ts'
import type { Node, Pod, Toleration } from '../../api/types/core-v1.gen.ts'
import { toMicroTimestamp, toTimestamp } from '../../client/timestamp.ts'
import { startControllers } from '../../controller/testing.ts'
import { podGarbageCollector } from '../cleanup/pod-gc.ts'
import { nodeIpamController } from './node-ipam.ts'
import { nodeLifecycleController } from './node-lifecycle.ts'
import { RangePool } from './range-pool.ts'
import { taintEvictionController } from './taint-eviction.ts'

function world(names: readonly string[]) {
  const started = startControllers([
    nodeLifecycleController(),
    taintEvictionController(),
    nodeIpamController(['10.42.0.0/16']),
    podGarbageCollector(),
  ])
  const { transport, ports, stop } = started
  const now = () => toTimestamp(ports.clock.nowMs())
  const post = (name: string, status = 'True') => {
    const conditions = [{ type: 'Ready', status, lastHeartbeatTime: now(), lastTransitionTime: now() }]
    const node = (transport.object('nodes', name) ?? { metadata: { name }, spec: {} }) as Node
    transport.put('nodes', { ...node, status: { conditions } } as Node)
  }
  const renew = (name: string) => {
    const lease: Lease = {
      metadata: { name, namespace: 'kube-node-lease' },
      spec: { renewTime: toMicroTimestamp(ports.clock.nowMs()) },
    }
    transport.put('leases', lease)
  }
  for (const name of names) post(name)
  const running = started.run()
  /** Lets time pass while the named nodes are alive. */
  const pass = async (seconds: number, alive: readonly string[]) => {
    for (let passed = 0; passed < seconds; passed += 10) {
      for (const name of alive) renew(name)
      await ports.clock.advance(10_000)
    }
  }
  const node = (name: string) => transport.object('nodes', name) as Node
  const taints = (name: string) =>
    (node(name).spec?.taints ?? []).map(({ key, effect }) => `${key.split('/')[1]}:${effect}`).toSorted()
  const end = async () => {
    stop.abort()
    await running
  }
  return { ...started, post, renew, pass, node, taints, end }
}

function pod(
  name: string,
  nodeName: string | undefined,
  tolerations: Toleration[] = [],
  extra: Partial<Pod['metadata']> = {},
): Pod {
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }]
  return {
    metadata: { name, namespace: 'default', ...extra },
    spec: { nodeName, tolerations, containers: [] },
    status: { phase: 'Running', conditions },
  }
}

const patient = [
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
]

describe('node lifecycle', () => {
  test('a node that renews its lease stays as it is, with hardly a write', async () => {
    const { transport, pass, node, taints, end } = world(['a', 'b'])
    await pass(20, ['a', 'b'])
    transport.calls.length = 0
    await pass(600, ['a', 'b'])
    expect(node('a').status?.conditions?.[0]?.status).toBe('True')
    expect(taints('a')).toEqual([])
    expect(transport.calls).toEqual([])
    await end()
  })

  test('a silent node is unknown after its grace, its pods are not ready, and they go when their patience ends', async () => {
    const { transport, pass, post, node, taints, end } = world(['a', 'b'])
    transport.put('pods', pod('patient', 'a', patient))
    transport.put('pods', pod('daemon', 'a', [{ operator: 'Exists' }]))
    transport.put('pods', pod('elsewhere', 'b'))
    await pass(40, ['b'])
    expect(taints('a')).toEqual([])
    await pass(40, ['b'])
    expect(node('a').status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    })
    expect(taints('a')).toEqual(['unreachable:NoExecute', 'unreachable:NoSchedule'])
    const ready = (name: string) =>
      (transport.object('pods', `default/${name}`) as Pod).status?.conditions?.[0]?.status
    expect([ready('patient'), ready('elsewhere')]).toEqual(['False', 'True'])
    await pass(320, ['b'])
    expect(transport.objects('pods').map(({ metadata }) => metadata.name)).toEqual(['daemon', 'elsewhere'])
    const reasons = transport.objects('events').map(event => (event as { reason?: string }).reason)
    expect(reasons).toContain('TaintManagerEviction')
    expect(reasons).toContain('NodeNotReady')
    post('a')
    await pass(10, ['a', 'b'])
    expect(taints('a')).toEqual([])
    await end()
  })

  test('when every node falls silent nothing is evicted', async () => {
    const { transport, pass, taints, end } = world(['a', 'b', 'c'])
    transport.put('pods', pod('hasty', 'a'))
    await pass(600, [])
    expect(taints('a')).toEqual(['unreachable:NoSchedule'])
    expect(transport.objects('pods')).toHaveLength(1)
    await end()
  })

  test('nodes that fall silent one after the other do not each wake all others', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `n${index}`)
    const { pass, stats, taints, end } = world(names)
    await pass(10, names)
    const before = stats.get('nodelifecycle')!.syncs
    for (let alive = names.length - 1; alive > 10; alive--) await pass(10, names.slice(0, alive))
    await pass(60, names.slice(0, 10))
    expect(taints('n59')).toContain('unreachable:NoSchedule')
    expect(taints('n0')).toEqual([])
    // Each takes a few looks: its silence, its taints, and its turn to be emptied.
    expect(stats.get('nodelifecycle')!.syncs - before).toBeLessThan(20 * names.length)
    await end()
  })

  test('a node that never posted a status is unknown in all conditions after its start-up grace', async () => {
    const { transport, pass, node, end } = world(['b'])
    transport.put('nodes', { metadata: { name: 'new' }, spec: {} } as Node)
    await pass(80, ['b'])
    expect(node('new').status?.conditions?.map(({ type, reason }) => `${type} ${reason}`)).toEqual(
      ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'].map(
        type => `${type} NodeStatusNeverUpdated`,
      ),
    )
    await end()
  })

  test('cordoning is a taint, and taints of others stay', async () => {
    const { transport, pass, node, taints, end } = world(['a'])
    await pass(10, ['a'])
    const spec = {
      ...node('a').spec,
      unschedulable: true,
      taints: [{ key: 'my.org/gpu', effect: 'NoSchedule' }],
    }
    transport.put('nodes', { ...node('a'), spec } as Node)
    await pass(10, ['a'])
    expect(taints('a')).toEqual(['gpu:NoSchedule', 'unschedulable:NoSchedule'])
    await end()
  })
})

test('toleration of a taint follows its key, operator, value and effect', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoExecute' }
  const cases: [Toleration, boolean][] = [
    [{ key: 'k', operator: 'Equal', value: 'v' }, true],
    [{ key: 'k', value: 'w' }, false],
    [{ key: 'k', operator: 'Exists', effect: 'NoExecute' }, true],
    [{ key: 'k', operator: 'Exists', effect: 'NoSchedule' }, false],
    [{ operator: 'Exists' }, true],
    [{ key: 'other', operator: 'Exists' }, false],
  ]
  for (const [toleration, expected] of cases) expect(toleratesTaint(toleration, taint)).toBe(expected)
})

describe('node ranges', () => {
  test('every node gets its own range, also when many come at once, and a freed one is used again', async () => {
    const { transport, pass, node, end } = world(['a', 'b', 'c'])
    await pass(10, ['a', 'b', 'c'])
    expect(['a', 'b', 'c'].map(name => node(name).spec?.podCIDR)).toEqual([
      '10.42.0.0/24',
      '10.42.1.0/24',
      '10.42.2.0/24',
    ])
    transport.remove('nodes', 'b')
    transport.put('nodes', { metadata: { name: 'd' }, spec: {} } as Node)
    await pass(10, ['a', 'c'])
    expect(node('d').spec?.podCIDRs).toEqual(['10.42.1.0/24'])
    await end()
  })

  test('a node for which there is no range is not tried again until one comes back', async () => {
    const { transport, ports, stats, run, stop } = startControllers([nodeIpamController(['10.42.0.0/24'])])
    const running = run()
    for (const name of ['a', 'b']) transport.put('nodes', { metadata: { name }, spec: {} } as Node)
    await ports.clock.advance(1_000)
    const podCidr = (name: string) => (transport.object('nodes', name) as Node).spec?.podCIDR
    expect(['a', 'b'].map(podCidr)).toEqual(['10.42.0.0/24', undefined])
    const { syncs } = stats.get('nodeipam')!
    for (const note of ['1', '2', '3'])
      transport.put('nodes', { metadata: { name: 'b', annotations: { note } }, spec: {} } as Node)
    await ports.clock.advance(60_000)
    expect(stats.get('nodeipam')!.syncs).toBe(syncs)
    transport.remove('nodes', 'a')
    await ports.clock.advance(1_000)
    expect(podCidr('b')).toBe('10.42.0.0/24')
    stop.abort()
    await running
  })

  test('ranges do not overlap what is taken, whatever its size, and end with the cluster range', () => {
    const next = (cluster: string, ...taken: string[]) => {
      const pool = new RangePool(cluster)
      pool.hold('others', taken)
      return pool.take('new')
    }
    expect(next('10.0.0.0/22', '10.0.0.0/23')).toBe('10.0.2.0/24')
    expect(next('10.0.0.0/23', '10.0.0.0/24', '10.0.1.128/25')).toBeUndefined()
    expect(next('fd00::/63', 'fd00::/64')).toBe('fd00:0:0:1::/64')
    expect(next('10.0.0.0/23', '10.1.0.0/16', 'fd00::/64')).toBe('10.0.0.0/24')
  })

  test('a range is free again when the last that held it is gone', () => {
    const pool = new RangePool('10.0.0.0/23')
    pool.hold('a', ['10.0.0.0/25'])
    pool.hold('b', ['10.0.0.128/25'])
    expect([pool.take('c'), pool.take('c'), pool.take('d')]).toEqual([
      '10.0.1.0/24',
      '10.0.1.0/24',
      undefined,
    ])
    pool.release('a')
    expect(pool.take('d')).toBeUndefined()
    pool.release('b')
    expect([pool.free, pool.take('d')]).toEqual([1, '10.0.0.0/24'])
  })
})

describe('pod garbage', () => {
  test('pods of a node that is no more go after a while, and those on their way out without a node at once', async () => {
    const { transport, pass, end } = world(['a', 'b'])
    transport.put('pods', pod('lost', 'a'))
    transport.put('pods', pod('unscheduled', undefined, [], { deletionTimestamp: '2026-01-01T00:00:00Z' }))
    await pass(10, ['a', 'b'])
    expect(transport.objects('pods').map(({ metadata }) => metadata.name)).toEqual(['lost'])
    transport.remove('nodes', 'a')
    await pass(30, ['b'])
    expect(transport.objects('pods')).toHaveLength(1)
    await pass(30, ['b'])
    expect(transport.objects('pods')).toEqual([])
    await end()
  })
})

import { describe, expect, test } from 'bun:test'
import { persistentVolumes } from '../../api/core/persistent-volume.ts'
import { persistentVolumeClaims } from '../../api/core/persistent-volume-claim.ts'
import { csiDrivers } from '../../api/storage/csi-driver.ts'
import { csiNodes } from '../../api/storage/csi-node.ts'
import { csiStorageCapacities } from '../../api/storage/csi-storage-capacity.ts'
import { storageClasses } from '../../api/storage/storage-class.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { type TestClusterParts, testCluster, testNode, testPod } from '../testing.ts'

const nodes = [testNode('a', { labels: { disk: 'ssd' } }), testNode('b', { labels: { disk: 'hdd' } })]
const pod = (...claims: string[]) =>
  testPod(
    'p',
    {},
    { volumes: claims.map(claimName => ({ name: claimName, persistentVolumeClaim: { claimName } })) },
  )
const claim = (name: string, spec: object, bound = false): KubeObject =>
  ({
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      annotations: bound ? { 'pv.kubernetes.io/bind-completed': 'yes' } : {},
    },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  }) as KubeObject
const volume = (name: string, spec: object, labels = {}): KubeObject =>
  ({
    metadata: { name, labels },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...spec },
    status: { phase: 'Available' },
  }) as KubeObject
const storageClass = (name: string, provisioner: string, more = {}): KubeObject =>
  ({ metadata: { name }, provisioner, volumeBindingMode: 'WaitForFirstConsumer', ...more }) as KubeObject
const onDisk = (disk: string) => ({
  nodeAffinity: {
    required: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: [disk] }] }],
    },
  },
})
const place = (objects: TestClusterParts['objects'], claims: string[], more: TestClusterParts = {}) =>
  testCluster({ nodes, ...more, objects: objects ?? [] })
    .place(pod(...claims))
    .replace(/ no new claims.*$| not found$/, '')

describe('claims', () => {
  test('one that is not there, or that somebody else must bind first, holds the pod back', () => {
    expect(place([], ['x'])).toBe('0/2 nodes are available: persistentvolumeclaim "x" not found.')
    expect(place([[persistentVolumeClaims, [claim('x', {})]]], ['x'])).toBe(
      '0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.',
    )
  })
  test('a bound volume is used where it can be reached', () => {
    const bound = claim('x', { volumeName: 'v' }, true)
    const objects = (spec: object): TestClusterParts['objects'] => [
      [persistentVolumeClaims, [bound]],
      [persistentVolumes, [volume('v', spec)]],
    ]
    expect(place(objects(onDisk('hdd')), ['x'])).toBe('b')
    expect(place(objects(onDisk('tape')), ['x'])).toBe(
      "0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity.",
    )
  })
  test('a claim that waits finds the volume that lies on the node', () => {
    const waiting = claim('x', { storageClassName: 'local' })
    const objects = (...volumes: KubeObject[]): TestClusterParts['objects'] => [
      [persistentVolumeClaims, [waiting]],
      [persistentVolumes, volumes],
      [storageClasses, [storageClass('local', 'kubernetes.io/no-provisioner')]],
    ]
    expect(place(objects(volume('v', { ...onDisk('hdd'), storageClassName: 'local' })), ['x'])).toBe('b')
    expect(place(objects(), ['x'])).toBe(
      "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.",
    )
  })
  test('a volume is made only where the class and the capacity of the driver allow it', () => {
    const term = { matchLabelExpressions: [{ key: 'disk', values: ['ssd'] }] }
    const objects = (capacity: string): TestClusterParts['objects'] => [
      [persistentVolumeClaims, [claim('x', { storageClassName: 'fast' })]],
      [storageClasses, [storageClass('fast', 'csi.example', { allowedTopologies: [term] })]],
      [csiDrivers, [{ metadata: { name: 'csi.example' }, spec: { storageCapacity: true } } as KubeObject]],
      [
        csiStorageCapacities,
        [{ metadata: { name: 'c' }, storageClassName: 'fast', nodeTopology: {}, capacity } as KubeObject],
      ],
    ]
    expect(place(objects('5Gi'), ['x'])).toBe('a')
    expect(place(objects('1Mi'), ['x'])).toBe(
      "0/2 nodes are available: 1 node(s) did not have enough free storage, 1 node(s) didn't find available persistent volumes to bind.",
    )
  })
})

describe('restrictions', () => {
  test('a claim for one pod alone is not shared, but an important pod may take it over', () => {
    const alone = claim('x', { accessModes: ['ReadWriteOncePod'], volumeName: 'v' }, true)
    const objects: TestClusterParts['objects'] = [
      [persistentVolumeClaims, [alone]],
      [persistentVolumes, [volume('v', {})]],
    ]
    const user = { ...pod('x'), metadata: { name: 'q', namespace: 'default', uid: 'q' } }
    user.spec = { ...user.spec!, nodeName: 'a', priority: 1 }
    expect(place(objects, ['x'], { pods: [user] })).toContain(
      '2 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
    )
    const cluster = testCluster({ nodes, pods: [user], objects })
    const important = { ...pod('x'), spec: { ...pod('x').spec!, priority: 9 } }
    expect(cluster.verdict(important)).toMatchObject({ failure: { nominate: 'a' } })
  })
  test('a driver attaches no more volumes than it said', () => {
    const names = ['x', 'y']
    const objects: TestClusterParts['objects'] = [
      [persistentVolumeClaims, names.map(name => claim(name, { volumeName: name }, true))],
      [persistentVolumes, names.map(name => volume(name, { csi: { driver: 'd', volumeHandle: name } }))],
      [
        csiNodes,
        [
          {
            metadata: { name: 'a' },
            spec: { drivers: [{ name: 'd', nodeID: 'a', allocatable: { count: 1 } }] },
          } as never,
        ],
      ],
    ]
    expect(place(objects, names)).toBe('b')
    expect(place(objects, names, { nodes: nodes.slice(0, 1) })).toBe(
      '0/1 nodes are available: 1 node(s) exceed max volume count.',
    )
    const other = { ...pod('x', 'missing'), metadata: { name: 'q', namespace: 'default', uid: 'q' } }
    other.spec = { ...other.spec!, nodeName: 'a' }
    expect(place(objects, ['y'], { pods: [other] })).toBe('b')
  })
  test('a volume with a zone is used there', () => {
    const zone = 'topology.kubernetes.io/zone'
    const zoned = ['a', 'b', 'c'].map(name => testNode(name, { labels: { [zone]: name } }))
    const objects: TestClusterParts['objects'] = [
      [persistentVolumeClaims, [claim('x', { volumeName: 'v' }, true)]],
      [persistentVolumes, [volume('v', {}, { [zone]: 'b__d' })]],
    ]
    expect(place(objects, ['x'], { nodes: zoned })).toBe('b')
    expect(place(objects, ['x'], { nodes: zoned.slice(0, 1) })).toBe(
      '0/1 nodes are available: 1 node(s) had no available volume zone.',
    )
  })
})

import type { PersistentVolume, PersistentVolumeClaim, Volume } from '../../../src/api/types/core-v1.gen.ts'
import type { CSINode, StorageClass } from '../../../src/api/types/storage-v1.gen.ts'
import type { Dice } from './dice.ts'

/** Storage that pods may ask for. Nobody binds anything here: what is bound was made so. */
export interface RandomVolumes {
  readonly classes: readonly StorageClass[]
  readonly volumes: readonly PersistentVolume[]
  readonly claims: readonly PersistentVolumeClaim[]
  readonly csiNodes: readonly CSINode[]
}

const zone = 'topology.kubernetes.io/zone'
const driver = 'disks.example.com'
const now = 'Immediate'
const later = 'WaitForFirstConsumer'

/** Every pod may name these, or one that is not there. */
export const claimNames = ['bound-0', 'bound-1', 'bound-2', 'alone', 'lost', 'now', 'later', 'zoned']

export function randomVolumes(
  storage: string,
  spaces: readonly string[],
  nodes: readonly string[],
  dice: Dice,
): RandomVolumes {
  const bound = spaces.flatMap(namespace =>
    ['bound-0', 'bound-1', 'bound-2', 'alone'].map(name => boundPair(storage, namespace, name, dice)),
  )
  const claim = (namespace: string, name: string, storageClassName: string, phase: string) =>
    makeClaim(namespace, name, { storageClassName }, phase)
  return {
    classes: [
      storageClass(`${storage}-now`, driver, now),
      // Nothing that a claim of this class asks for is ever made.
      storageClass(`${storage}-later`, 'kubernetes.io/no-provisioner', later),
      { ...storageClass(`${storage}-zoned`, driver, later), allowedTopologies: [nowhere] },
    ],
    volumes: bound.map(({ volume }) => volume),
    claims: [
      ...bound.map(pair => pair.claim),
      ...spaces.flatMap(namespace => [
        makeClaim(namespace, 'lost', { storageClassName: `${storage}-now`, volumeName: 'gone' }, 'Lost'),
        ...['now', 'later', 'zoned'].map(name => claim(namespace, name, `${storage}-${name}`, 'Pending')),
      ]),
    ],
    csiNodes: dice.some(nodes, 0.5).map(name => csiNode(name, dice.int(1, 3))),
  }
}

const nowhere = { matchLabelExpressions: [{ key: zone, values: ['nowhere'] }] }

/** Whether a pod may name a volume, and how. */
export function randomPodVolumes(dice: Dice): Volume[] {
  const names = dice.some(claimNames, 0.15)
  const missing = dice.chance(0.03) ? ['missing'] : []
  const disk = dice.maybe(0.1, () => ({
    name: 'disk',
    gcePersistentDisk: { pdName: dice.pick(['a', 'b']), readOnly: dice.chance(0.5) },
  }))
  const claims = [...names, ...missing].map(name => ({ name, persistentVolumeClaim: { claimName: name } }))
  return disk ? [...claims, disk] : claims
}

function boundPair(storage: string, namespace: string, name: string, dice: Dice) {
  const volumeName = `${namespace}-${name}`
  const labels = dice.maybe(0.4, () => ({ [zone]: dice.pick(['a', 'b', 'a__b']) }))
  const nodeAffinity = dice.maybe(0.4, () => ({
    required: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: 'disk', operator: 'In', values: [dice.pick(['ssd', 'hdd'])] }] },
      ],
    },
  }))
  const accessModes = [name === 'alone' ? 'ReadWriteOncePod' : 'ReadWriteMany']
  const claim = makeClaim(
    namespace,
    name,
    { storageClassName: `${storage}-now`, volumeName, accessModes },
    'Bound',
  )
  claim.metadata.annotations = { 'pv.kubernetes.io/bind-completed': 'yes' }
  const volume: PersistentVolume = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolume' },
    metadata: { name: volumeName, ...(labels && { labels }) },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes,
      storageClassName: `${storage}-now`,
      csi: { driver, volumeHandle: volumeName },
      claimRef: { kind: 'PersistentVolumeClaim', namespace, name },
      ...(nodeAffinity && { nodeAffinity }),
    },
  }
  return { claim, volume }
}

function makeClaim(
  namespace: string,
  name: string,
  spec: PersistentVolumeClaim['spec'],
  phase: string,
): PersistentVolumeClaim {
  return {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
    metadata: { namespace, name },
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } }, ...spec },
    status: { phase },
  }
}

function storageClass(name: string, provisioner: string, volumeBindingMode: string): StorageClass {
  return {
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' },
    metadata: { name },
    provisioner,
    volumeBindingMode,
  }
}

function csiNode(name: string, count: number): CSINode {
  return {
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'CSINode' },
    metadata: { name },
    spec: { drivers: [{ name: driver, nodeID: name, allocatable: { count } }] },
  }
}

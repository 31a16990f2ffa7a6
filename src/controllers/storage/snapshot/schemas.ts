import type { JSONSchemaProps } from '../../../api/types/apiextensions-v1.gen.ts'
import {
  deletionPolicy,
  described,
  failure,
  fixed,
  flag,
  integer,
  kindSchema,
  object,
  oneOf,
  quantity,
  rule,
  size,
  staysOnceSet,
  text,
  time,
  withRules,
} from './definition-parts.ts'

const snapshotSource: JSONSchemaProps = withRules(
  object({
    persistentVolumeClaimName: described(
      'Claim of this namespace of whose volume a snapshot is to be taken.',
      fixed('persistentVolumeClaimName'),
    ),
    volumeSnapshotContentName: described(
      'Content that stands for a snapshot that there is already.',
      fixed('volumeSnapshotContentName'),
    ),
  }),
  staysOnceSet('persistentVolumeClaimName'),
  staysOnceSet('volumeSnapshotContentName'),
  oneOf('volumeSnapshotContentName', 'persistentVolumeClaimName'),
)

const snapshotStatus = object({
  boundVolumeSnapshotContentName: described(
    'Content that it is bound to; only if that names this snapshot too, which a reader must look at.',
    text,
  ),
  creationTime: described('When the storage system took it.', time),
  error: failure,
  readyToUse: described('Whether a volume can be made from it.', flag),
  restoreSize: described('The least size of a volume that is made from it.', quantity),
  volumeGroupSnapshotName: described('VolumeGroupSnapshot that it is a part of.', text),
})

export const snapshotSchema = kindSchema(
  'A snapshot of a volume that a user asks for, or the claim to one that there is already.',
  {
    spec: described(
      'What is asked for.',
      object(
        {
          source: described('What it is taken of, or what it stands for; stays as it is.', snapshotSource),
          volumeSnapshotClassName: described(
            'VolumeSnapshotClass by which it is taken; without one the default of the driver.',
            withRules(
              text,
              rule('volumeSnapshotClassName must not be the empty string when set', 'size(self) > 0'),
            ),
          ),
        },
        ['source'],
      ),
    ),
    status: described('What there is of it.', snapshotStatus),
  },
  ['spec'],
)

const contentSource: JSONSchemaProps = withRules(
  object({
    snapshotHandle: described('Name of the snapshot in the storage system.', fixed('snapshotHandle')),
    volumeHandle: described(
      'Name in the storage system of the volume that a snapshot is to be taken of.',
      fixed('volumeHandle'),
    ),
  }),
  staysOnceSet('volumeHandle'),
  staysOnceSet('snapshotHandle'),
  oneOf('volumeHandle', 'snapshotHandle'),
)

const reference = ['apiVersion', 'fieldPath', 'kind', 'name', 'namespace', 'resourceVersion', 'uid']

const snapshotReference: JSONSchemaProps = withRules(
  {
    ...object(Object.fromEntries(reference.map(name => [name, text]))),
    'x-kubernetes-map-type': 'atomic',
  },
  rule(
    'both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set',
    'has(self.name) && has(self.__namespace__)',
  ),
)

const contentSpec: JSONSchemaProps = withRules(
  object(
    {
      deletionPolicy,
      driver: described('CSI driver that keeps the snapshot.', text),
      source: described('What it is taken of, or what it stands for; stays as it is.', contentSource),
      sourceVolumeMode: described(
        'Filesystem or Block, as the volume that it is taken of.',
        fixed('sourceVolumeMode'),
      ),
      volumeSnapshotClassName: described('VolumeSnapshotClass by which it is taken.', text),
      volumeSnapshotRef: described('VolumeSnapshot that it is bound to.', snapshotReference),
    },
    ['deletionPolicy', 'driver', 'source', 'volumeSnapshotRef'],
  ),
  staysOnceSet('sourceVolumeMode'),
)

export const contentSchema = kindSchema(
  'A snapshot as it is in a storage system.',
  {
    spec: described('What it stands for.', contentSpec),
    status: described(
      'What the driver says of it.',
      object({
        creationTime: described('When it was taken, in nanoseconds since the epoch.', integer),
        error: failure,
        readyToUse: described('Whether a volume can be made from it.', flag),
        restoreSize: described('The least size of a volume that is made from it, in bytes.', size),
        snapshotHandle: described('Name of the snapshot in the storage system.', text),
        volumeGroupSnapshotHandle: described('Name there of the group that it is a part of.', text),
      }),
    ),
  },
  ['spec'],
)

export const classSchema = kindSchema(
  'How a driver takes snapshots.',
  {
    deletionPolicy,
    driver: described('CSI driver that takes them.', text),
    parameters: described('What the driver is told.', {
      type: 'object',
      additionalProperties: text,
    }),
  },
  ['deletionPolicy', 'driver'],
)

import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../../../api/types/apiextensions-v1.gen.ts'
import type { ResourceName } from '../../../client/resource.ts'
import { volumeSnapshotClasses, volumeSnapshotContents, volumeSnapshots } from './kinds.ts'
import { classSchema, contentSchema, snapshotSchema } from './schemas.ts'

interface Definition {
  readonly resource: ResourceName
  readonly shortNames: readonly string[]
  readonly schema: JSONSchemaProps
  readonly columns: readonly CustomResourceColumnDefinition[]
  readonly hasStatus: boolean
  /** Number of the review in which the group's owners approved it. */
  readonly approval: number
}

const column = (name: string, type: string, jsonPath: string): CustomResourceColumnDefinition => ({
  name,
  type,
  jsonPath,
})
const age = column('Age', 'date', '.metadata.creationTimestamp')

const kinds: readonly Definition[] = [
  {
    resource: volumeSnapshots,
    shortNames: ['vs'],
    schema: snapshotSchema,
    columns: [
      column('ReadyToUse', 'boolean', '.status.readyToUse'),
      column('SourcePVC', 'string', '.spec.source.persistentVolumeClaimName'),
      column('SourceSnapshotContent', 'string', '.spec.source.volumeSnapshotContentName'),
      column('RestoreSize', 'string', '.status.restoreSize'),
      column('SnapshotClass', 'string', '.spec.volumeSnapshotClassName'),
      column('SnapshotContent', 'string', '.status.boundVolumeSnapshotContentName'),
      column('CreationTime', 'date', '.status.creationTime'),
      age,
    ],
    hasStatus: true,
    approval: 814,
  },
  {
    resource: volumeSnapshotContents,
    shortNames: ['vsc', 'vscs'],
    schema: contentSchema,
    columns: [
      column('ReadyToUse', 'boolean', '.status.readyToUse'),
      column('RestoreSize', 'integer', '.status.restoreSize'),
      column('DeletionPolicy', 'string', '.spec.deletionPolicy'),
      column('Driver', 'string', '.spec.driver'),
      column('VolumeSnapshotClass', 'string', '.spec.volumeSnapshotClassName'),
      column('VolumeSnapshot', 'string', '.spec.volumeSnapshotRef.name'),
      column('VolumeSnapshotNamespace', 'string', '.spec.volumeSnapshotRef.namespace'),
      age,
    ],
    hasStatus: true,
    approval: 955,
  },
  {
    resource: volumeSnapshotClasses,
    shortNames: ['vsclass', 'vsclasses'],
    schema: classSchema,
    columns: [
      column('Driver', 'string', '.driver'),
      column('DeletionPolicy', 'string', '.deletionPolicy'),
      age,
    ],
    hasStatus: false,
    approval: 814,
  },
]

const laterFields: ReadonlySet<string> = new Set([
  'metadata',
  'sourceVolumeMode',
  'volumeGroupSnapshotHandle',
  'volumeGroupSnapshotName',
])

/** The definitions of snapshot.storage.k8s.io as external-snapshotter publishes them (client/config/crd), in our own words. */
export const snapshotDefinitions: readonly CustomResourceDefinition[] = kinds.map(definitionOf)

function definitionOf(definition: Definition): CustomResourceDefinition {
  const { group, plural, kind, namespaced } = definition.resource
  const approved = `https://github.com/kubernetes-csi/external-snapshotter/pull/${definition.approval}`
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      annotations: { 'api-approved.kubernetes.io': approved },
    },
    spec: {
      group,
      names: {
        ...{ plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
        shortNames: [...definition.shortNames],
      },
      scope: namespaced ? 'Namespaced' : 'Cluster',
      versions: [versionOf(definition), betaOf(definition)],
    },
  }
}

function versionOf({ schema, columns, hasStatus }: Definition): CustomResourceDefinitionVersion {
  return {
    ...{ name: 'v1', served: true, storage: true },
    additionalPrinterColumns: [...columns],
    schema: { openAPIV3Schema: schema },
    subresources: hasStatus ? { status: {} } : {},
  }
}

/** No longer served; it is there for clusters that once stored it. */
function betaOf(definition: Definition): CustomResourceDefinitionVersion {
  const { group, kind } = definition.resource
  return {
    ...versionOf({ ...definition, schema: asInBeta(definition.schema) }),
    ...{ name: 'v1beta1', served: false, storage: false, deprecated: true },
    deprecationWarning: `${group}/v1beta1 ${kind} is deprecated; use ${group}/v1 ${kind}`,
  }
}

/** Without the rules and the fields that came after it. */
function asInBeta({
  'x-kubernetes-validations': _rules,
  'x-kubernetes-map-type': _type,
  properties,
  ...rest
}: JSONSchemaProps): JSONSchemaProps {
  if (!properties) return rest
  const kept = Object.entries(properties).filter(([name]) => !laterFields.has(name))
  return { ...rest, properties: Object.fromEntries(kept.map(([name, each]) => [name, asInBeta(each)])) }
}

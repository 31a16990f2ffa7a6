import { podReferences } from '../../api/core/pod/references.ts'
import type { Pod, Volume, VolumeProjection } from '../../api/types/core-v1.gen.ts'

/** What makes a pod depend on the API: a kubelet may not create such a pod for itself. */
export interface ApiReference {
  readonly resource: string
  /** Set when something in the pod is not known; upstream's text. */
  readonly unknown?: string
}

/** Volumes that need nothing from the API. */
const plainVolumes: readonly (keyof Volume)[] = [
  ...([
    'awsElasticBlockStore',
    'azureDisk',
    'cephfs',
    'cinder',
    'downwardAPI',
    'emptyDir',
    'fc',
    'flexVolume',
  ] as const),
  ...([
    'flocker',
    'gcePersistentDisk',
    'gitRepo',
    'hostPath',
    'image',
    'iscsi',
    'nfs',
    'photonPersistentDisk',
  ] as const),
  ...(['portworxVolume', 'quobyte', 'rbd', 'scaleIO', 'storageos', 'vsphereVolume'] as const),
]

const referringVolumes: readonly (readonly [keyof Volume, string])[] = [
  ['configMap', 'configmaps (via configmap volumes)'],
  ['secret', 'secrets (via secret volumes)'],
  ['csi', 'csidrivers (via CSI volumes)'],
  ['glusterfs', 'endpoints (via glusterFS volumes)'],
  ['persistentVolumeClaim', 'persistentvolumeclaims'],
  ['ephemeral', 'persistentvolumeclaims (via ephemeral volumes)'],
  ['azureFile', 'secrets (via azureFile volumes)'],
]

const referringProjections: readonly (readonly [keyof VolumeProjection, string])[] = [
  ['configMap', 'configmaps (via projected volumes)'],
  ['secret', 'secrets (via projected volumes)'],
  ['serviceAccountToken', 'serviceaccounts (via projected volumes)'],
  ['clusterTrustBundle', 'clustertrustbundles'],
  ['podCertificate', 'podcertificates'],
]

/** The first API object that a pod refers to (pkg/api/pod HasAPIObjectReference), or undefined. */
export function apiReference(pod: Pod): ApiReference | undefined {
  const references = podReferences(pod)
  if (references.serviceAccount) return { resource: 'serviceaccounts' }
  if (references.secrets.length) return { resource: 'secrets' }
  if (references.configMaps.length) return { resource: 'configmaps' }
  if (pod.spec?.resourceClaims?.length) return { resource: 'resourceclaims' }
  return pod.spec?.volumes?.map(volumeReference).find(reference => reference !== undefined)
}

function volumeReference(volume: Volume): ApiReference | undefined {
  if (plainVolumes.some(kind => volume[kind])) return undefined
  const [, resource] = referringVolumes.find(([kind]) => volume[kind]) ?? []
  if (resource) return { resource }
  if (!volume.projected) return { resource: '', unknown: `unknown volume type for volume  "${volume.name}"` }
  return volume.projected.sources?.map(source => projectionReference(source, volume.name)).find(Boolean)
}

function projectionReference(source: VolumeProjection, volumeName: string): ApiReference | undefined {
  const [, resource] = referringProjections.find(([kind]) => source[kind]) ?? []
  if (resource) return { resource }
  return source.downwardAPI
    ? undefined
    : { resource: '', unknown: `unknown source for projected volume "${volumeName}"` }
}

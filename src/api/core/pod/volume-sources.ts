/** What each kind of volume needs (pkg/apis/core/validation validateVolumeSource). */
import { dns1123SubdomainErrors } from '../../../machinery/meta/names.ts'
import { compareQuantity, parseQuantity, zeroQuantity } from '../../../machinery/quantity/index.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import type { VolumeSource } from '../../types/core-v1.gen.ts'
import { validateClaimSpec } from '../persistent-volume-claim-validation.ts'
import { validateDescendingPath, validateFileMode, validateNoBacksteps } from './local-path.ts'
import { validateProjected } from './projected-volume.ts'
import { validateDownwardFile, validateItems } from './volume-files.ts'

type Rules = {
  readonly [K in keyof VolumeSource]-?: (
    source: NonNullable<VolumeSource[K]>,
    path: string,
    errors: FieldErrors,
  ) => void
}
type Source = Readonly<Record<string, unknown>>

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]
const pullPolicies = ['Always', 'IfNotPresent', 'Never']

/** For the plugins of old clouds and file systems: the fields that must not be empty. */
const requires =
  (...fields: string[]) =>
  (source: object, path: string, errors: FieldErrors) => {
    for (const field of fields) {
      const value = (source as Source)[field]
      if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) {
        errors.required(`${path}.${field}`)
      }
    }
  }

/** In upstream's order: the first one given counts, more are refused. */
export const volumeSourceRules: Readonly<
  Record<string, (source: never, path: string, errors: FieldErrors) => void>
> = {
  emptyDir({ sizeLimit }, path, errors) {
    if (sizeLimit !== undefined && compareQuantity(parseQuantity(sizeLimit), zeroQuantity) < 0) {
      errors.forbidden(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')
    }
  },
  hostPath({ path: value, type = '' }, path, errors) {
    if (!value) return errors.required(`${path}.path`)
    validateNoBacksteps(value, `${path}.path`, errors)
    if (!hostPathTypes.includes(type)) errors.notSupported(`${path}.type`, type, hostPathTypes)
  },
  gitRepo(source, path, errors) {
    requires('repository')(source, path, errors)
    validateDescendingPath(source.directory ?? '', `${path}.directory`, errors)
  },
  gcePersistentDisk: requires('pdName'),
  awsElasticBlockStore: requires('volumeID'),
  secret({ secretName, defaultMode, items }, path, errors) {
    if (!secretName) errors.required(`${path}.secretName`)
    validateFileMode(defaultMode, `${path}.defaultMode`, errors)
    validateItems(items, `${path}.items`, errors)
  },
  nfs(source, path, errors) {
    requires('server', 'path')(source, path, errors)
    if (source.path && !source.path.startsWith('/')) {
      errors.invalid(`${path}.path`, source.path, 'must be an absolute path')
    }
  },
  iscsi: requires('targetPortal', 'iqn'),
  glusterfs: requires('endpoints', 'path'),
  persistentVolumeClaim: requires('claimName'),
  rbd: requires('monitors', 'image'),
  flexVolume: requires('driver'),
  cinder: requires('volumeID'),
  cephfs: requires('monitors'),
  flocker: () => {},
  downwardAPI({ defaultMode, items }, path, errors) {
    validateFileMode(defaultMode, `${path}.defaultMode`, errors)
    for (const file of items ?? []) validateDownwardFile(file, path, errors)
  },
  fc: () => {},
  azureFile: requires('secretName', 'shareName'),
  configMap({ name, defaultMode, items }, path, errors) {
    if (!name) errors.required(`${path}.name`)
    validateFileMode(defaultMode, `${path}.defaultMode`, errors)
    validateItems(items, `${path}.items`, errors)
  },
  vsphereVolume: requires('volumePath'),
  quobyte: requires('registry', 'volume'),
  azureDisk: requires('diskName', 'diskURI'),
  photonPersistentDisk: requires('pdID'),
  projected: validateProjected,
  portworxVolume: requires('volumeID'),
  scaleIO: requires('gateway', 'system', 'volumeName'),
  storageos: requires('volumeName'),
  csi({ driver, nodePublishSecretRef }, path, errors) {
    if (!driver) errors.required(`${path}.driver`)
    if (!nodePublishSecretRef) return
    const { name } = nodePublishSecretRef
    if (!name) errors.required(`${path}.nodePublishSecretRef.name`)
    else invalidFor(errors, `${path}.name`, name, dns1123SubdomainErrors(name))
  },
  ephemeral({ volumeClaimTemplate: template }, path, errors) {
    if (!template) errors.required(`${path}.volumeClaimTemplate`)
    else validateClaimSpec(template.spec, `${path}.volumeClaimTemplate.spec`, errors)
  },
  image({ reference, pullPolicy = '' }, path, errors) {
    if (!reference) errors.required(`${path}.reference`)
    if (!pullPolicies.includes(pullPolicy))
      errors.notSupported(`${path}.pullPolicy`, pullPolicy, pullPolicies)
  },
} satisfies Rules as never

export const volumeSourceNames = Object.keys(volumeSourceRules)

/** What each kind of volume needs (pkg/apis/core/validation validateVolumeSource). */
import { dns1123SubdomainErrors } from '../../../machinery/meta/names.ts'
import { compareQuantity, parseQuantity, zeroQuantity } from '../../../machinery/quantity/index.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import { validateDriverName } from '../../shared/driver-names.ts'
import type { VolumeSource } from '../../types/core-v1.gen.ts'
import { validateClaimSpec } from '../persistent-volume-claim-validation.ts'
import {
  partitioned,
  requires,
  validateAzureDisk,
  validateFc,
  validateFlex,
  validateFlocker,
  validateIscsi,
  validateNfs,
  validatePersistentFlex,
  validateQuobyte,
  validateSecretName,
  validateStorageOs,
} from './legacy-volumes.ts'
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
  gcePersistentDisk: partitioned('pdName'),
  awsElasticBlockStore: partitioned('volumeID'),
  secret({ secretName, defaultMode, items }, path, errors) {
    if (!secretName) errors.required(`${path}.secretName`)
    validateFileMode(defaultMode, `${path}.defaultMode`, errors)
    validateItems(items, `${path}.items`, errors)
  },
  nfs: validateNfs,
  iscsi: (source, path, errors) => validateIscsi(source, path, errors),
  glusterfs: requires('endpoints', 'path'),
  flocker: validateFlocker,
  persistentVolumeClaim: requires('claimName'),
  rbd: requires('monitors', 'image'),
  cinder(source, path, errors) {
    requires('volumeID')(source, path, errors)
    validateSecretName(source.secretRef, path, errors)
  },
  cephfs: requires('monitors'),
  quobyte: validateQuobyte,
  downwardAPI({ defaultMode, items }, path, errors) {
    validateFileMode(defaultMode, `${path}.defaultMode`, errors)
    for (const file of items ?? []) validateDownwardFile(file, path, errors)
  },
  fc: validateFc,
  flexVolume: validateFlex,
  configMap({ name, defaultMode, items }, path, errors) {
    if (!name) errors.required(`${path}.name`)
    validateFileMode(defaultMode, `${path}.defaultMode`, errors)
    validateItems(items, `${path}.items`, errors)
  },
  azureFile: requires('secretName', 'shareName'),
  vsphereVolume: requires('volumePath'),
  photonPersistentDisk: requires('pdID'),
  portworxVolume: requires('volumeID'),
  azureDisk: validateAzureDisk,
  storageos: validateStorageOs,
  projected: validateProjected,
  scaleIO: requires('gateway', 'system', 'volumeName'),
  csi({ driver, nodePublishSecretRef }, path, errors) {
    validateDriverName(driver, `${path}.driver`, errors)
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

/** Where upstream's path is not the field's name: of the source itself, and of one that is one too many. */
const oddPaths: Readonly<Record<string, string>> = { gcePersistentDisk: 'persistentDisk' }
const oddSurplusPaths: Readonly<Record<string, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' }

/** Upstream forgets to count the flexible volume of a PersistentVolume. */
const uncounted: readonly unknown[] = [validatePersistentFlex]

/** Checks the first source that `owner` names, out of `names` in upstream's order, and refuses more. */
export function validateOneSource(
  owner: object,
  rules: Readonly<Record<string, (source: never, path: string, errors: FieldErrors) => void>>,
  path: string,
  errors: FieldErrors,
): void {
  const sources = owner as Readonly<Record<string, unknown>>
  const [first, ...more] = Object.keys(rules).filter(name => sources[name] !== undefined)
  if (first) rules[first]!(sources[first] as never, `${path}.${oddPaths[first] ?? first}`, errors)
  for (const name of more) {
    if (uncounted.includes(rules[name]!)) rules[name]!(sources[name] as never, `${path}.${name}`, errors)
    else
      errors.forbidden(`${path}.${oddSurplusPaths[name] ?? name}`, 'may not specify more than 1 volume type')
  }
  if (!first) errors.required(path, 'must specify a volume type')
}

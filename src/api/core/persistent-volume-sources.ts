/** What each kind of PersistentVolume needs (pkg/apis/core/validation ValidatePersistentVolumeSpec). */
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateDriverName } from '../shared/driver-names.ts'
import type {
  CSIPersistentVolumeSource,
  PersistentVolumeSpec,
  SecretReference,
} from '../types/core-v1.gen.ts'
import {
  partitioned,
  requires,
  validateAzureDisk,
  validateFc,
  validateFlocker,
  validateIscsi,
  validateNfs,
  validatePersistentFlex,
  validateQuobyte,
  validateSecretName,
  validateStorageOs,
} from './pod/legacy-volumes.ts'
import { validateNoBacksteps } from './pod/local-path.ts'
import { volumeSourceRules } from './pod/volume-sources.ts'

type Rules = {
  readonly [K in keyof PersistentVolumeSpec]?: (
    source: NonNullable<PersistentVolumeSpec[K]>,
    path: string,
    errors: FieldErrors,
  ) => void
}

/** In upstream's order: the first one given counts, more are refused. */
export const persistentSourceRules: Readonly<
  Record<string, (source: never, path: string, errors: FieldErrors) => void>
> = {
  hostPath: (source, path, errors) => volumeSourceRules.hostPath!(source as never, path, errors),
  gcePersistentDisk: partitioned('pdName'),
  awsElasticBlockStore: partitioned('volumeID'),
  glusterfs(source, path, errors) {
    requires('endpoints', 'path')(source, path, errors)
    const { endpointsNamespace: namespace } = source
    const at = `${path}.endpointsNamespace`
    if (namespace === '')
      errors.invalid(at, namespace, 'if the endpointnamespace is set, it must be a valid namespace name')
    else if (namespace !== undefined) invalidFor(errors, at, namespace, dns1123LabelErrors(namespace))
  },
  flocker: validateFlocker,
  nfs: validateNfs,
  rbd: requires('monitors', 'image'),
  quobyte: validateQuobyte,
  cephfs: requires('monitors'),
  iscsi: (source, path, errors) => validateIscsi(source, path, errors, true),
  cinder(source, path, errors) {
    requires('volumeID')(source, path, errors)
    validateSecretPlace(source.secretRef, path, errors)
  },
  fc: validateFc,
  flexVolume: validatePersistentFlex,
  azureFile(source, path, errors) {
    requires('secretName', 'shareName')(source, path, errors)
    if (source.secretNamespace === '') errors.required(`${path}.secretNamespace`)
  },
  vsphereVolume: requires('volumePath'),
  photonPersistentDisk: requires('pdID'),
  portworxVolume: requires('volumeID'),
  azureDisk: validateAzureDisk,
  scaleIO: requires('gateway', 'system', 'volumeName'),
  local({ path: value }, path, errors) {
    if (!value) errors.required(`${path}.path`)
    else validateNoBacksteps(value, `${path}.path`, errors)
  },
  storageos(source, path, errors) {
    validateStorageOs({ ...source, secretRef: undefined } as never, path, errors)
    validateSecretPlace(source.secretRef, path, errors)
  },
  csi: validateCsi,
} satisfies Rules as never

function validateSecretPlace(
  secretRef: { readonly name?: string; readonly namespace?: string } | undefined,
  path: string,
  errors: FieldErrors,
): void {
  validateSecretName(secretRef, path, errors)
  if (secretRef && !secretRef.namespace) errors.required(`${path}.secretRef.namespace`)
}

const csiSecrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const

function validateCsi(source: CSIPersistentVolumeSource, path: string, errors: FieldErrors): void {
  validateDriverName(source.driver, `${path}.driver`, errors)
  if (!source.volumeHandle) errors.required(`${path}.volumeHandle`)
  for (const field of csiSecrets) {
    const secret = source[field]
    if (secret) validateSecret(secret, `${path}.${field}`, errors)
  }
}

function validateSecret({ name, namespace }: SecretReference, path: string, errors: FieldErrors): void {
  if (!name) errors.required(`${path}.name`)
  else invalidFor(errors, `${path}.name`, name, dns1123SubdomainErrors(name))
  if (!namespace) errors.required(`${path}.namespace`)
  else invalidFor(errors, `${path}.namespace`, namespace, dns1123LabelErrors(namespace))
}

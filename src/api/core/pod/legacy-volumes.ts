/** What the volumes of old clouds and file systems need, in pods and as PersistentVolumes (pkg/apis/core/validation). */
import { dns1123LabelErrors } from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import { inRange, rangeText } from '../../../machinery/validation/values.ts'
import type {
  AzureDiskVolumeSource,
  FCVolumeSource,
  FlexPersistentVolumeSource,
  FlexVolumeSource,
  FlockerVolumeSource,
  GCEPersistentDiskVolumeSource,
  ISCSIVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
  StorageOSVolumeSource,
} from '../../types/core-v1.gen.ts'

type Source = Readonly<Record<string, unknown>>
type Rule<T> = (source: T, path: string, errors: FieldErrors) => void

/** For those that only have fields that must not be empty. */
export const requires =
  (...fields: string[]): Rule<object> =>
  (source, path, errors) => {
    for (const field of fields) {
      const value = (source as Source)[field]
      if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) {
        errors.required(`${path}.${field}`)
      }
    }
  }

const partitionMax = 255

/** A partition below 0 or above 255 is told the wrong range. */
export const partitioned =
  (field: string): Rule<Pick<GCEPersistentDiskVolumeSource, 'partition'>> =>
  (source, path, errors) => {
    requires(field)(source, path, errors)
    const { partition = 0 } = source
    if (partition < 0 || partition > partitionMax)
      errors.invalid(`${path}.partition`, partition, rangeText(1, partitionMax))
  }

export function validateNfs(source: NFSVolumeSource, path: string, errors: FieldErrors): void {
  requires('server', 'path')(source, path, errors)
  const { path: value = '' } = source
  if (!value.startsWith('/')) errors.invalid(`${path}.path`, value, 'must be an absolute path')
}

const lunRange = [0, 255] as const
const iscsiNames = [
  ['iqn', /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/],
  ['eui', /^eui.[A-Za-z0-9]{16}$/],
  ['naa', /^naa.[A-Za-z0-9]{32}$/],
] as const

/** `isPersistent`: upstream says less about a wrong name and minds the secret's. */
export function validateIscsi(
  source: ISCSIVolumeSource,
  path: string,
  errors: FieldErrors,
  isPersistent = false,
): void {
  const { targetPortal, iqn, lun = 0, initiatorName, secretRef } = source
  if (!targetPortal) errors.required(`${path}.targetPortal`)
  if (!iqn) errors.required(`${path}.iqn`)
  else validateIscsiName(iqn, `${path}.iqn`, errors, isPersistent)
  inRange(lun, lunRange, `${path}.lun`, errors)
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !secretRef) errors.required(`${path}.secretRef`)
  if (isPersistent && secretRef && !secretRef.name) errors.required(`${path}.secretRef.name`)
  if (initiatorName !== undefined)
    validateIscsiName(initiatorName, `${path}.initiatorname`, errors, isPersistent)
}

function validateIscsiName(name: string, path: string, errors: FieldErrors, isPersistent: boolean): void {
  const found = iscsiNames.find(([start]) => name.startsWith(start))
  if (!found) {
    const detail = isPersistent
      ? 'must be valid format'
      : 'must be valid format starting with iqn, eui, or naa'
    errors.invalid(path, name, detail)
  } else if (!found[1].test(name)) errors.invalid(path, name, 'must be valid format')
}

/** The two names of an iSCSI target together must fit where the kernel keeps them. */
export const iscsiNameMax = 64
export const iscsiNameText =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'

export function validateFc(source: FCVolumeSource, path: string, errors: FieldErrors): void {
  const { targetWWNs = [], wwids = [], lun } = source
  const at = `${path}.targetWWNs`
  if (targetWWNs.length === 0 && wwids.length === 0)
    errors.required(at, 'must specify either targetWWNs or wwids, but not both')
  if (targetWWNs.length === 0) return
  if (wwids.length > 0)
    errors.invalid(at, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously')
  if (lun === undefined) errors.required(`${path}.lun`, 'lun is required if targetWWNs is specified')
  else inRange(lun, lunRange, `${path}.lun`, errors)
}

export function validateFlocker(source: FlockerVolumeSource, path: string, errors: FieldErrors): void {
  const { datasetName = '', datasetUUID = '' } = source
  if (!datasetName && !datasetUUID) errors.required(path, 'one of datasetName and datasetUUID is required')
  if (datasetName && datasetUUID)
    errors.invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously')
  if (datasetName.includes('/')) errors.invalid(`${path}.datasetName`, datasetName, "must not contain '/'")
}

const registryText = 'must be a host:port pair or multiple pairs separated by commas'
const tenantMax = 64

export function validateQuobyte(source: QuobyteVolumeSource, path: string, errors: FieldErrors): void {
  const { registry = '', tenant = '', volume } = source
  if (!registry) errors.required(`${path}.registry`, registryText)
  else if (tenant.length > tenantMax)
    errors.required(`${path}.tenant`, 'must be a UUID and may not exceed a length of 64 characters')
  else {
    for (const pair of registry.split(','))
      if (!/^(?:[^:[\]]*|\[[^[\]]*\]):[^:[\]]*$/.test(pair))
        errors.invalid(`${path}.registry`, registry, registryText)
  }
  if (!volume) errors.required(`${path}.volume`)
}

const reservedDomain = /(?:^|\.)(?:kubernetes|k8s)\.io$/

export function validateFlex(
  source: Pick<FlexVolumeSource, 'driver' | 'options'>,
  path: string,
  errors: FieldErrors,
): void {
  requires('driver')(source, path, errors)
  for (const key of Object.keys(source.options ?? {})) {
    if (reservedDomain.test(key.split('/')[0]!.toLowerCase()))
      errors.invalid(`${path}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved')
  }
}

export const validatePersistentFlex: Rule<FlexPersistentVolumeSource> = (source, path, errors) =>
  validateFlex(source, path, errors)

const cachingModes = ['None', 'ReadOnly', 'ReadWrite']
const diskKinds = ['Dedicated', 'Managed', 'Shared']
const managedDisk =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const blobDisk = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'

export function validateAzureDisk(source: AzureDiskVolumeSource, path: string, errors: FieldErrors): void {
  requires('diskName', 'diskURI')(source, path, errors)
  const { cachingMode, kind, diskURI = '' } = source
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode))
    errors.notSupported(`${path}.cachingMode`, cachingMode, cachingModes)
  if (kind !== undefined && !diskKinds.includes(kind)) errors.notSupported(`${path}.kind`, kind, diskKinds)
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/'))
    errors.notSupported(`${path}.diskURI`, diskURI, [managedDisk])
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://'))
    errors.notSupported(`${path}.diskURI`, diskURI, [blobDisk])
}

export function validateStorageOs(source: StorageOSVolumeSource, path: string, errors: FieldErrors): void {
  const { volumeName, volumeNamespace } = source
  if (!volumeName) errors.required(`${path}.volumeName`)
  else invalidFor(errors, `${path}.volumeName`, volumeName, dns1123LabelErrors(volumeName))
  if (volumeNamespace)
    invalidFor(errors, `${path}.volumeNamespace`, volumeNamespace, dns1123LabelErrors(volumeNamespace))
  validateSecretName(source.secretRef, path, errors)
}

/** A secret that is referred to at all needs its name. */
export function validateSecretName(
  secretRef: { readonly name?: string } | undefined,
  path: string,
  errors: FieldErrors,
): void {
  if (secretRef && !secretRef.name) errors.required(`${path}.secretRef.name`)
}

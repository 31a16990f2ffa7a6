/** Volumes of a pod and their use by its containers (pkg/apis/core/validation ValidateVolumes, ValidateVolumeMounts). */
import { dns1123LabelErrors } from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { createFieldErrors, invalidFor } from '../../../machinery/validation/field-errors.ts'
import type { Container, Volume, VolumeMount } from '../../types/core-v1.gen.ts'
import { iscsiNameMax, iscsiNameText } from './legacy-volumes.ts'
import { validateDescendingPath, validateNoBacksteps } from './local-path.ts'
import { validateOneSource, volumeSourceRules } from './volume-sources.ts'

/** The volumes that are right, by name: containers may mount only those. */
export type VolumeIndex = ReadonlyMap<string, Volume>

/** Checks all volumes and says which may be mounted. */
export function validateVolumes(volumes: readonly Volume[], path: string, errors: FieldErrors): VolumeIndex {
  const index = new Map<string, Volume>()
  volumes.forEach((volume, i) => {
    const before = errors.list.length
    validateVolume(volume, `${path}[${i}]`, errors)
    if (index.has(volume.name)) errors.duplicate(`${path}[${i}].name`, volume.name)
    if (errors.list.length === before) index.set(volume.name, volume)
  })
  return index
}

function validateVolume(volume: Volume, path: string, errors: FieldErrors): void {
  validateOneSource(volume, volumeSourceRules, path, errors)
  const { iscsi, name = '' } = volume
  if (iscsi?.initiatorName !== undefined && `${name}:${iscsi.targetPortal}`.length > iscsiNameMax)
    errors.invalid(`${path}.name`, name, iscsiNameText)
  if (!volume.name) errors.required(`${path}.name`)
  else invalidFor(errors, `${path}.name`, volume.name, dns1123LabelErrors(volume.name))
}

/** File system mounts of one container. */
export function validateMounts(
  container: Container,
  volumes: VolumeIndex,
  path: string,
  errors: FieldErrors,
): void {
  const devices = container.volumeDevices ?? []
  const paths = new Set<string>()
  container.volumeMounts?.forEach((mount, i) => {
    const at = `${path}[${i}]`
    const { name, mountPath } = mount
    if (!name) errors.required(`${at}.name`)
    if (!volumes.has(name)) errors.notFound(`${at}.name`, name)
    if (!mountPath) errors.required(`${at}.mountPath`)
    if (paths.has(mountPath)) errors.invalid(`${at}.mountPath`, mountPath, 'must be unique')
    paths.add(mountPath)
    if (devices.some(device => device.name === name)) {
      errors.invalid(`${at}.name`, name, 'must not already exist in volumeDevices')
    }
    if (devices.some(device => device.devicePath === mountPath)) {
      errors.invalid(`${at}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices')
    }
    validateMountOptions(mount, container, { at, list: path }, errors)
  })
}

/** Upstream leaves the index out of some of these paths. */
function validateMountOptions(
  mount: VolumeMount,
  container: Container,
  { at, list }: { readonly at: string; readonly list: string },
  errors: FieldErrors,
): void {
  const { subPath, subPathExpr, mountPropagation } = mount
  if (subPath) validateDescendingPath(subPath, `${list}.subPath`, errors)
  if (subPathExpr) {
    if (subPath)
      errors.invalid(`${at}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive')
    validateDescendingPath(subPathExpr, `${list}.subPathExpr`, errors)
  }
  if (mountPropagation !== undefined)
    validatePropagation(mountPropagation, container, `${list}.mountPropagation`, errors)
  if (mount.recursiveReadOnly !== undefined)
    validateRecursiveReadOnly(mount, `${list}.recursiveReadOnly`, errors)
}

const propagations = ['Bidirectional', 'HostToContainer', 'None']

function validatePropagation(value: string, container: Container, path: string, errors: FieldErrors): void {
  if (!propagations.includes(value)) errors.notSupported(path, value, propagations)
  if (value === 'Bidirectional' && !container.securityContext?.privileged) {
    errors.forbidden(path, 'Bidirectional mount propagation is available only to privileged containers')
  }
}

function validateRecursiveReadOnly(mount: VolumeMount, path: string, errors: FieldErrors): void {
  const { recursiveReadOnly = '', mountPropagation } = mount
  if (recursiveReadOnly === 'Disabled') return
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible') {
    return errors.notSupported(path, recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible'])
  }
  if (!mount.readOnly) errors.forbidden(path, 'may only be specified when readOnly is true')
  if (mountPropagation !== undefined && mountPropagation !== 'None') {
    errors.forbidden(path, 'may only be specified when mountPropagation is None or not specified')
  }
}

/** Block devices of one container: claims alone. */
export function validateDevices(
  container: Container,
  volumes: VolumeIndex,
  path: string,
  errors: FieldErrors,
): void {
  const names = new Set<string>()
  const paths = new Set<string>()
  container.volumeDevices?.forEach(({ name, devicePath }, i) => {
    const at = `${path}[${i}]`
    const volume = volumes.get(name)
    if (!name) errors.required(`${at}.name`)
    if (names.has(name)) errors.invalid(`${at}.name`, name, 'must be unique')
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      const detail = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'
      errors.invalid(`${at}.name`, name, detail)
    }
    if (!volume) errors.notFound(`${at}.name`, name)
    if (!devicePath) errors.required(`${at}.devicePath`)
    if (paths.has(devicePath)) errors.invalid(`${at}.devicePath`, devicePath, 'must be unique')
    if (!validateNoBacksteps(devicePath ?? '', at, createFieldErrors())) {
      errors.invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')")
    } else paths.add(devicePath)
    const mounts = container.volumeMounts ?? []
    if (mounts.some(mount => mount.name === name))
      errors.invalid(`${at}.name`, name, 'must not already exist in volumeMounts')
    if (mounts.some(mount => mount.mountPath === devicePath)) {
      errors.invalid(`${at}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts')
    }
    if (name) names.add(name)
  })
}

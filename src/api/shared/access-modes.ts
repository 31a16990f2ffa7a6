import type { FieldErrors } from '../../machinery/validation/field-error.ts'

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

/** Known modes; ReadWriteOncePod stands alone. */
export function validateAccessModes(modes: readonly string[], path: string, errors: FieldErrors): void {
  for (const mode of modes) if (!accessModes.includes(mode)) errors.notSupported(path, mode, accessModes)
  const others = modes.some(mode => mode !== 'ReadWriteOncePod' && accessModes.includes(mode))
  if (modes.includes('ReadWriteOncePod') && others) {
    errors.forbidden(path, 'may not use ReadWriteOncePod with other access modes')
  }
}

const volumeModes = ['Block', 'Filesystem']

/** `Block` or `Filesystem`; absent is fine. */
export function validateVolumeMode(mode: string | undefined, path: string, errors: FieldErrors): void {
  if (mode !== undefined && !volumeModes.includes(mode)) errors.notSupported(path, mode, volumeModes)
}

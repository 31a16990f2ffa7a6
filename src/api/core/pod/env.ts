/** Environment of a container (pkg/apis/core/validation ValidateEnv, ValidateEnvFrom). */
import { dns1123LabelErrors, nameIsDnsSubdomain } from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import { configMapKeyErrors, envVarNameErrors } from '../../../machinery/validation/values.ts'
import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  PodSpec,
} from '../../types/core-v1.gen.ts'
import { validateFieldRef, validateResourceFieldRef } from './field-refs.ts'
import { validateNoBacksteps } from './local-path.ts'

const oneOfSources =
  'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
const onlyOne = 'may not have more than one field specified at a time'

/** Names and values. */
export function validateEnv(env: readonly EnvVar[] = [], path: string, errors: FieldErrors): void {
  env.forEach(({ name, value, valueFrom }, i) => {
    const at = `${path}[${i}]`
    if (!name) errors.required(`${at}.name`)
    else invalidFor(errors, `${at}.name`, name, envVarNameErrors(name))
    if (valueFrom) validateValueFrom(valueFrom, value ?? '', `${at}.valueFrom`, errors)
  })
}

function validateValueFrom(source: EnvVarSource, value: string, path: string, errors: FieldErrors): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source
  if (fieldRef) validateFieldRef(fieldRef, 'env', `${path}.fieldRef`, errors)
  if (resourceFieldRef) validateResourceFieldRef(resourceFieldRef, 'env', `${path}.resourceFieldRef`, errors)
  if (configMapKeyRef) validateKeyRef(configMapKeyRef, `${path}.configMapKeyRef`, errors)
  if (secretKeyRef) validateKeyRef(secretKeyRef, `${path}.secretKeyRef`, errors)
  if (fileKeyRef) validateFileKeyRef(fileKeyRef, `${path}.fileKeyRef`, errors)
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length
  if (count === 0) errors.invalid(path, '', oneOfSources)
  else if (value) errors.invalid(path, '', 'may not be specified when `value` is not empty')
  else if (count > 1) errors.invalid(path, '', onlyOne)
}

function validateKeyRef(
  ref: { readonly name?: string; readonly key: string },
  path: string,
  errors: FieldErrors,
): void {
  const { name = '', key } = ref
  invalidFor(errors, `${path}.name`, name, nameIsDnsSubdomain(name, false))
  if (!key) errors.required(`${path}.key`)
  else invalidFor(errors, `${path}.key`, key, configMapKeyErrors(key))
}

function validateFileKeyRef(
  { key, volumeName, path: file }: FileKeySelector,
  path: string,
  errors: FieldErrors,
): void {
  if (!key) errors.required(`${path}.key`)
  else invalidFor(errors, `${path}.key`, key, envVarNameErrors(key))
  if (!volumeName) errors.required(`${path}.volumeName`)
  else invalidFor(errors, `${path}.volumeName`, volumeName, dns1123LabelErrors(volumeName))
  if (!file) errors.required(`${path}.path`)
  else validateNoBacksteps(file, `${path}.path`, errors)
}

/** Whole ConfigMaps and Secrets. Upstream's complaint about the number of sources names the list. */
export function validateEnvFrom(
  sources: readonly EnvFromSource[] = [],
  path: string,
  errors: FieldErrors,
): void {
  sources.forEach(({ prefix, configMapRef, secretRef }, i) => {
    const at = `${path}[${i}]`
    if (prefix) invalidFor(errors, `${at}.prefix`, prefix, envVarNameErrors(prefix))
    for (const [field, ref] of Object.entries({ configMapRef, secretRef })) {
      if (!ref) continue
      if (!ref.name) errors.required(`${at}.${field}.name`)
      else invalidFor(errors, `${at}.${field}.name`, ref.name, nameIsDnsSubdomain(ref.name, true))
    }
    if (!configMapRef && !secretRef)
      errors.invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`')
    else if (configMapRef && secretRef) errors.invalid(path, '', onlyOne)
  })
}

/** Files that variables are read from lie in volumes that go with the pod (validateFileKeyRefVolumes). */
export function validateFileVolumes(spec: PodSpec, path: string, errors: FieldErrors): void {
  const volumes = new Map((spec.volumes ?? []).map(volume => [volume.name ?? '', volume]))
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    spec[list]?.forEach(({ env = [] }, i) => {
      env.forEach(({ valueFrom }, j) => {
        if (!valueFrom?.fileKeyRef) return
        const { volumeName = '' } = valueFrom.fileKeyRef
        const at = `${path}.${list}[${i}].env[${j}].valueFrom.fileKeyRef.volumeName`
        const volume = volumes.get(volumeName)
        if (!volume) errors.notFound(at, volumeName)
        else if (!volume.emptyDir)
          errors.invalid(at, volumeName, 'referenced volume must be of type emptyDir')
      })
    })
  }
}

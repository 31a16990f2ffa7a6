import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import type {
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../types/core-v1.gen.ts'
import { validateCertificate, validateTrustBundle } from './certificate-projections.ts'
import { validateFileMode, validateNonReservedPath } from './local-path.ts'
import { validateDownwardFile, validateItems } from './volume-files.ts'

const tokenSecondsMin = 600
const tokenSecondsMax = 2 ** 32

/** Several sources in one directory, no path twice (pkg/apis/core/validation validateProjectionSources). */
export function validateProjected(projected: ProjectedVolumeSource, path: string, errors: FieldErrors): void {
  validateFileMode(projected.defaultMode, `${path}.defaultMode`, errors)
  const taken = new Set<string>()
  const take = (file: string | undefined, shown: string) => {
    if (!file) return
    if (taken.has(file)) errors.invalid(path, shown, 'conflicting duplicate paths')
    taken.add(file)
  }
  projected.sources?.forEach((source, i) => {
    const at = `${path}.sources[${i}]`
    validateSource(source, at, path, errors)
    for (const named of [source.secret, source.configMap]) {
      for (const item of named?.items ?? []) take(item.path, named?.name ?? '')
    }
    for (const file of source.downwardAPI?.items ?? []) take(file.path, file.path)
    const token = source.serviceAccountToken?.path
    if (token) take(token, token)
    const { clusterTrustBundle: bundle, podCertificate: certificate } = source
    const takeOne = (file: string) => take(file, file)
    if (bundle) validateTrustBundle(bundle, `${at}.clusterTrustBundle`, takeOne, errors)
    if (certificate) validateCertificate(certificate, `${at}.podCertificate`, takeOne, errors)
    const given = Object.values(source).filter(value => value !== undefined && value !== null)
    if (given.length > 1) errors.forbidden(at, 'may not specify more than 1 volume type per source')
  })
}

function validateSource(
  source: VolumeProjection,
  path: string,
  volumePath: string,
  errors: FieldErrors,
): void {
  for (const kind of ['secret', 'configMap'] as const) {
    const named = source[kind]
    if (!named) continue
    if (!named.name) errors.required(`${path}.${kind}.name`)
    validateItems(named.items, `${path}.${kind}.items`, errors)
  }
  for (const file of source.downwardAPI?.items ?? [])
    validateDownwardFile(file, `${path}.downwardAPI`, errors)
  if (source.serviceAccountToken) {
    validateToken(source.serviceAccountToken, `${path}.serviceAccountToken`, volumePath, errors)
  }
}

/** Upstream reports the token's path at the volume, not at the source. */
function validateToken(
  token: ServiceAccountTokenProjection,
  path: string,
  volumePath: string,
  errors: FieldErrors,
): void {
  const { expirationSeconds = 0, path: file } = token
  if (expirationSeconds < tokenSecondsMin) {
    errors.invalid(
      `${path}.expirationSeconds`,
      expirationSeconds,
      'may not specify a duration less than 10 minutes',
    )
  }
  if (expirationSeconds > tokenSecondsMax) {
    const detail = 'may not specify a duration larger than 2^32 seconds'
    errors.invalid(`${path}.expirationSeconds`, expirationSeconds, detail)
  }
  if (!file) errors.required(`${volumePath}.path`)
  else validateNonReservedPath(file, `${volumePath}.path`, errors)
}

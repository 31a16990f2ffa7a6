import type { Features } from '../api/features/features.ts'
import type { Catalog } from '../client/catalog.ts'
import type { CertificateOptions } from './identity/certificates.ts'
import type { TokenSecretOptions } from './identity/token-secret.ts'
import type { ControllerTuning } from './tuning.ts'

/** What controllers need from the rest of the program. */
export interface ControllerOptions {
  /** What is served, custom resources included: the server's registry, or discovery. */
  readonly catalog: Catalog
  /** `10.42.0.0/16`; one per IP family. */
  readonly clusterCidrs: readonly string[]
  readonly tokens: TokenSecretOptions
  readonly certificates: CertificateOptions
  /** Default: upstream's gates as they are by default. */
  readonly features?: Pick<Features, 'enabled'>
  /** Default: upstream's. */
  readonly tuning?: ControllerTuning
}

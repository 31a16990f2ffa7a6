import { parseDuration } from '../../machinery/codec/duration.ts'
import { type DocumentKind, readDocument } from '../../machinery/config/document.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { validatePatterns } from './patterns.ts'

export interface EncryptionKey {
  readonly name?: string
  /** Base64. */
  readonly secret?: string
}

export interface KmsConfiguration {
  readonly apiVersion?: string
  readonly name?: string
  readonly endpoint?: string
  readonly timeout?: string
  readonly cachesize?: number
}

/** Exactly one of them in each entry. */
export interface ProviderConfiguration {
  readonly identity?: object
  readonly aescbc?: { readonly keys?: readonly EncryptionKey[] }
  readonly aesgcm?: { readonly keys?: readonly EncryptionKey[] }
  readonly secretbox?: { readonly keys?: readonly EncryptionKey[] }
  readonly kms?: KmsConfiguration
}

/** apiserver.config.k8s.io/v1 EncryptionConfiguration. */
export interface EncryptionConfiguration {
  readonly resources: readonly {
    readonly resources: readonly string[]
    readonly providers: readonly ProviderConfiguration[]
  }[]
}

const keys = { fields: { keys: [{ fields: { name: 'string', secret: 'string' } }] } } as const
const document: DocumentKind = {
  kind: 'EncryptionConfiguration',
  apiVersions: ['apiserver.config.k8s.io/v1'],
  fields: {
    resources: [
      {
        fields: {
          resources: ['string'],
          providers: [
            {
              fields: {
                identity: { fields: {} },
                aescbc: keys,
                aesgcm: keys,
                secretbox: keys,
                kms: {
                  fields: {
                    apiVersion: 'string',
                    name: 'string',
                    endpoint: 'string',
                    timeout: 'duration',
                    cachesize: 'integer',
                  },
                },
              },
            },
          ],
        },
      },
    ],
  },
}

const aesKeyBytes = [16, 24, 32]
const secretboxKeyBytes = [32]

/** Reads a configuration; throws with every complaint in upstream's words (apis/apiserver/validation). */
export function readEncryptionConfiguration(text: string): EncryptionConfiguration {
  const configuration = readDocument<Partial<EncryptionConfiguration>>(text, document)
  const errors = createFieldErrors()
  const { resources = [] } = configuration
  const plugins = new Set<string>()
  if (resources.length === 0) errors.required('resources', 'at least one resources is required')
  for (const [index, entry] of resources.entries()) {
    const path = `resources[${index}]`
    if (!entry.resources?.length)
      errors.required(`${path}.resources`, `at least one ${path}.resources is required`)
    validatePatterns(entry.resources ?? [], `${path}.resources`, errors)
    if (!entry.providers?.length)
      errors.required(`${path}.providers`, `at least one ${path}.providers is required`)
    for (const [at, provider] of (entry.providers ?? []).entries())
      validateProvider(provider, { path: `${path}.providers[${at}]`, plugins }, errors)
  }
  if (errors.list.length > 0)
    throw new Error(errors.list.map(({ field, message }) => `${field}: ${message}`).join(', '))
  return { resources }
}

interface ProviderPlace {
  readonly path: string
  /** Names that plugins before it have. */
  readonly plugins: Set<string>
}

function validateProvider(
  provider: ProviderConfiguration,
  { path, plugins }: ProviderPlace,
  errors: FieldErrors,
): void {
  const given = Object.keys(provider)
  if (given.length === 0)
    errors.invalid(
      path,
      provider,
      'provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity',
    )
  if (given.length > 1)
    errors.invalid(
      path,
      given.join(', '),
      'more than one provider specified in a single element, should split into different list elements',
    )
  for (const kind of ['aescbc', 'aesgcm', 'secretbox'] as const) {
    const sizes = kind === 'secretbox' ? secretboxKeyBytes : aesKeyBytes
    if (provider[kind])
      validateKeys(provider[kind].keys ?? [], { path: `${path}.${kind}.keys`, sizes }, errors)
  }
  const { kms } = provider
  if (!kms) return
  const { name = '' } = kms
  validateKms(kms, `${path}.kms`, errors)
  if (plugins.has(name))
    errors.invalid(`${path}.kms.name`, name, `duplicate KMS provider name ${name}, names must be unique`)
  plugins.add(name)
}

interface KeyRules {
  readonly path: string
  readonly sizes: readonly number[]
}

function validateKeys(given: readonly EncryptionKey[], { path, sizes }: KeyRules, errors: FieldErrors): void {
  if (given.length === 0) errors.required(path, 'at least one keys is required')
  for (const [index, { name, secret }] of given.entries()) {
    const at = `${path}[${index}]`
    if (!name) errors.required(`${at}.name`, 'name is a mandatory field for a key')
    if (!secret) {
      errors.required(`${at}.secret`, 'secret is a mandatory field for a key')
      continue
    }
    const bytes = Buffer.from(secret, 'base64')
    if (bytes.toString('base64') !== secret)
      errors.invalid(`${at}.secret`, 'REDACTED', 'secrets must be base64 encoded')
    else if (!sizes.includes(bytes.length))
      errors.invalid(
        `${at}.secret`,
        'REDACTED',
        `secret is not of the expected length, got ${bytes.length}, expected one of [${sizes.join(' ')}]`,
      )
  }
}

function validateKms(
  { apiVersion, name, endpoint, cachesize, timeout }: KmsConfiguration,
  path: string,
  errors: FieldErrors,
): void {
  if (!name) errors.required(`${path}.name`, 'name is a mandatory field for a provider')
  else if (name.includes(':'))
    errors.invalid(`${path}.name`, name, `invalid KMS provider name ${name}, must not contain ':'`)
  if (apiVersion !== 'v2')
    errors.invalid(
      `${path}.apiVersion`,
      apiVersion ?? 'v1',
      'only KMS v2 is served; v1 has been off by default since 1.29',
    )
  if (timeout !== undefined && parseDuration(timeout) <= 0n)
    errors.invalid(`${path}.timeout`, timeout, 'timeout should be a positive value')
  if (cachesize !== undefined)
    errors.invalid(`${path}.cachesize`, cachesize, 'cachesize is not supported in v2')
  if (!endpoint) errors.invalid(`${path}.endpoint`, '', 'endpoint is a mandatory field for a kms')
  else if (!endpoint.startsWith('unix://'))
    errors.invalid(
      `${path}.endpoint`,
      endpoint,
      `unsupported scheme ${JSON.stringify(endpoint.split(':')[0])} for KMS provider, only unix is supported`,
    )
}

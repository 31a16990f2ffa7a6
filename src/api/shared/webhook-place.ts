/** Rules of the place where a webhook is called (apiserver pkg/util/webhook/validation.go). */
import { X509Certificate } from 'node:crypto'
import { dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'

const form = '; desired format: https://host[/path]'

const badEscape = /%(?![\da-fA-F]{2}).{0,2}/

/** HTTPS, a host, a path and nothing else. */
export function validateWebhookUrl(text: string, path: string, errors: FieldErrors): void {
  const [, scheme = '', authority, rest = ''] =
    /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?(.*)$/.exec(text)!
  const [, user, host = ''] = /^(?:(.*)@)?(.*)$/.exec(authority ?? '')!
  const bad = badEscape.exec(`${authority ?? ''}${rest.replace(/\?[^#]*/, '')}`)
  if (bad) {
    const reason = `parse ${JSON.stringify(text)}: invalid URL escape ${JSON.stringify(bad[0])}`
    return errors.required(path, `url must be a valid URL: ${reason}${form}`)
  }
  const [, query, fragment] = /^[^?#]*(?:\?([^#]*))?(?:#(.*))?$/.exec(rest) ?? []
  if (scheme.toLowerCase() !== 'https') {
    errors.invalid(path, scheme.toLowerCase(), `'https' is the only allowed URL scheme${form}`)
  }
  if (host === '') errors.invalid(path, '', `host must be specified${form}`)
  if (user !== undefined) errors.invalid(path, user, 'user information is not permitted in the URL')
  if (fragment) errors.invalid(path, fragment, 'fragments are not permitted in the URL')
  if (query) errors.invalid(path, query, 'query parameters are not permitted in the URL')
}

export interface WebhookService {
  readonly namespace?: string
  readonly name?: string
  readonly path?: string
  readonly port?: number
}

/**
 * A Service by namespace and name, a port, and a path of plain segments. Upstream's callers pass name and namespace in
 * the other's place, and its complaints say so.
 */
export function validateWebhookService(
  { namespace, name, path: urlPath, port }: WebhookService,
  path: string,
  errors: FieldErrors,
): void {
  if (!namespace) errors.required(`${path}.name`)
  if (!name) errors.required(`${path}.namespace`)
  if (port === undefined || port < 1 || port > 65535) {
    errors.invalid(`${path}.port`, port ?? 0, 'port is not valid: must be between 1 and 65535, inclusive')
  }
  if (urlPath) validateUrlPath(urlPath, `${path}.path`, errors)
}

function validateUrlPath(urlPath: string, path: string, errors: FieldErrors): void {
  if (urlPath === '/') return
  if (urlPath === '//') return errors.invalid(path, urlPath, 'segment[0] may not be empty')
  if (!urlPath.startsWith('/')) errors.invalid(path, urlPath, "must start with a '/'")
  const steps = urlPath.slice(1).replace(/\/$/, '').split('/')
  steps.forEach((step, i) => {
    if (step === '') errors.invalid(path, urlPath, `segment[${i}] may not be empty`)
    else
      for (const reason of dns1123SubdomainErrors(step))
        errors.invalid(path, urlPath, `segment[${i}]: ${reason}`)
  })
}

const certificates = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g
const unusable = 'unable to load root certificates: unable to parse bytes as PEM block'

/** Certificates in PEM, in base64; what is there must be one. */
export function validateCaBundle(bundle: string, path: string, errors: FieldErrors): void {
  const reason = caBundleFault(bundle)
  if (reason !== undefined) errors.invalid(path, bundle, reason)
}

/** Why no certificate can be read from a bundle; undefined when all can. */
export function caBundleFault(bundle: string): string | undefined {
  const blocks = Buffer.from(bundle, 'base64').toString().match(certificates)
  if (!blocks) return unusable
  try {
    for (const block of blocks) new X509Certificate(block)
    return undefined
  } catch (error) {
    return `unable to load root certificates: failed to parse certificate: ${error instanceof Error ? error.message : error}`
  }
}

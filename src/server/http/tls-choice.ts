import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'

/** OpenSSL's names of the suites of TLS 1.2 that a server should have; those of TLS 1.3 are always on. */
const suites: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
}
const alwaysOn = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
const versions: Readonly<Record<string, 'TLSv1.2' | 'TLSv1.3'>> = {
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
}

/** Why a comma-separated list of suites cannot be had; undefined when it can. */
export function cipherFault(names: string): string | undefined {
  const wrong = names.split(',').find(name => !Object.hasOwn(suites, name) && !alwaysOn.includes(name))
  if (wrong === undefined) return undefined
  return `cipher suite "${wrong}" is not available; use ${[...alwaysOn, ...Object.keys(suites)].join(', ')}`
}

export function tlsVersionFault(name: string): string | undefined {
  if (Object.hasOwn(versions, name)) return undefined
  return `TLS version "${name}" is not available; use ${Object.keys(versions).join(' or ')}`
}

/** What of TLS a server speaks. */
export interface TlsLimits {
  /** OpenSSL's list; absent: Bun's own choice. */
  readonly ciphers?: string
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
}

/** The limits of names that were checked by `cipherFault` and `tlsVersionFault`. */
export function tlsLimits(names: readonly string[], version: string): TlsLimits {
  const chosen = names.flatMap(name => suites[name] ?? [])
  const minVersion = versions[version]
  return {
    ...(chosen.length > 0 && { ciphers: [...new Set(chosen)].join(':') }),
    ...(minVersion && { minVersion }),
  }
}

/** A certificate for the clients that ask for one of `names`; without any, for those that it carries itself. */
export interface NamedCertificate {
  /** PEM. */
  readonly cert: string
  readonly key: string
  readonly names: readonly string[]
}

/** The secure context for a server name; undefined is the server's usual one. */
export type ChooseContext = (serverName: string) => SecureContext | undefined

/**
 * Chooses by server name as upstream does: a name before a pattern (`*.example.org`), one that was given before one
 * that a certificate carries, the first before a later one. Throws what is wrong with a key or certificate.
 */
export function contextChooser(
  certificates: readonly NamedCertificate[],
  clientCa?: string | string[],
): ChooseContext {
  const given = new Map<string, SecureContext>()
  const carried = new Map<string, SecureContext>()
  for (const { cert, key, names } of certificates) {
    const context = createSecureContext({ cert, key, ...(clientCa && { ca: clientCa }) })
    const [into, list] = names.length > 0 ? [given, names] : [carried, namesIn(cert)]
    for (const name of list) if (!into.has(name)) into.set(name, context)
  }
  return serverName => {
    const name = serverName.toLowerCase()
    const pattern = `*${name.slice(Math.max(name.indexOf('.'), 0))}`
    return given.get(name) ?? carried.get(name) ?? given.get(pattern) ?? carried.get(pattern)
  }
}

function namesIn(pem: string): readonly string[] {
  const { subjectAltName = '', subject = '' } = new X509Certificate(pem)
  const dns = [...(subjectAltName ?? '').matchAll(/DNS:([^,\s]+)/g)].map(([, name = '']) => name)
  const [, common] = /^CN=(.+)$/m.exec(subject ?? '') ?? []
  return [...new Set([...dns, ...(common ? [common] : [])])].map(name => name.toLowerCase())
}

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { Ports } from '../../std/ports.ts'
import {
  canonicalName,
  certificateFacts,
  issuedBy,
  type KeyPair,
  keyMatches,
  newRsaKey,
  trustedNowMs,
} from './certificate.ts'
import { readIfPresent, writePrivate } from './files.ts'
import { caLifeMs, type IssueContext, issueCa, issueLeaf, leafLifeMs } from './issue.ts'
import { type CaName, caNames, type PkiSpec, type Profile, profiles } from './profiles.ts'

/** Everything that this server proves itself and others with. All PEM; keys are PKCS #8. */
export interface Pki {
  readonly authorities: Readonly<Record<CaName, KeyPair>>
  /** By the file's base name: `serving-kube-apiserver`, `client-admin`, `client-kubelet`, … */
  readonly certificates: ReadonlyMap<string, KeyPair>
  /** Signs service account tokens (RSA 2048). */
  readonly serviceAccountKey: string
  /** What was issued just now and why; empty on an ordinary start. */
  readonly issued: readonly IssuedNote[]
  /** When the next certificate becomes due for renewal; call `ensurePki` again then. */
  readonly renewAtMs: number
}

export interface IssuedNote {
  readonly file: string
  readonly reason: string
}

/** The files in the data directory contradict each other: the message says what to do. */
export class PkiError extends Error {
  override name = 'PkiError'
}

/**
 * Reads all certificates and keys and issues those that are missing, damaged, due for renewal (less than a third
 * of their life is left) or no longer say what `spec` says. Authorities are renewed with their key, so that
 * what they signed stays valid. Safe to call again while the server runs: swap in what it answers.
 */
export async function ensurePki(
  spec: PkiSpec,
  { clock, random }: Pick<Ports, 'clock' | 'random'>,
): Promise<Pki> {
  const context: IssueContext = { nowMs: clock.nowMs(), random }
  const issued: IssuedNote[] = []
  const authorities = {} as Record<CaName, KeyPair>
  for (const name of caNames) authorities[name] = await ensureCa(spec, name, context, issued)
  const certificates = new Map<string, KeyPair>()
  for (const profile of profiles(spec)) {
    const pair = await ensureLeaf(spec, profile, authorities[profile.ca], { context, issued })
    certificates.set(profile.file.slice(profile.file.lastIndexOf('/') + 1), pair)
  }
  const serviceAccountKey = ensureServiceAccountKey(spec, issued)
  const due = [
    ...Object.values(authorities).map(ca => renewalMs(ca.certificate, caLifeMs)),
    ...[...certificates.values()].map(pair => renewalMs(pair.certificate, leafLifeMs)),
  ]
  return { authorities, certificates, serviceAccountKey, issued, renewAtMs: Math.min(...due) }
}

/** Lifetimes count from issue to expiry; `notBefore` is the epoch and says nothing. */
function renewalMs(certificate: string, lifeMs: number): number {
  return certificateFacts(certificate).notAfterMs - lifeMs / 3
}

async function ensureCa(
  spec: PkiSpec,
  name: CaName,
  context: IssueContext,
  issued: IssuedNote[],
): Promise<KeyPair> {
  const base = join(spec.dataDirectory, 'server/tls', name)
  const found = readPair(base)
  if (!found.certificate)
    return keep(base, await issueCa(`hutch-${name}`, context, found.key), issued, 'missing')
  const pair = checkedCa(base, found.certificate, found.key)
  if (trustedNowMs(context.nowMs) < renewalMs(pair.certificate, caLifeMs)) return pair
  const renewed = await issueCa(certificateFacts(pair.certificate).commonName, context, pair.key)
  return keep(base, renewed, issued, 'due for renewal')
}

/** An authority is never replaced silently: all that it signed would be void. */
function checkedCa(base: string, certificate: string, key: string | undefined): KeyPair {
  if (!key) {
    throw new PkiError(
      `${base}.key is missing: restore it from a backup, or remove ${base}.crt to make a new authority`,
    )
  }
  const pair = { certificate, key }
  if (readable(certificate) && attempt(() => keyMatches(pair))) return pair
  throw new PkiError(
    `${base}.crt and ${base}.key are damaged or do not belong together: restore both from a backup`,
  )
}

async function ensureLeaf(
  spec: PkiSpec,
  profile: Profile,
  ca: KeyPair,
  { context, issued }: { context: IssueContext; issued: IssuedNote[] },
): Promise<KeyPair> {
  const base = join(spec.dataDirectory, profile.file)
  const found = readPair(base)
  const reason = reissueReason(found, profile, ca, context.nowMs)
  if (reason === undefined) return found as KeyPair
  return keep(
    base,
    await issueLeaf(ca, { ...profile, names: unique(profile.names) }, context),
    issued,
    reason,
  )
}

/** Why a kept certificate must be issued anew, or undefined while it serves. */
function reissueReason(
  { certificate, key }: Partial<KeyPair>,
  profile: Profile,
  ca: KeyPair,
  nowMs: number,
): string | undefined {
  if (!certificate || !key) return 'missing'
  if (!readable(certificate) || !attempt(() => keyMatches({ certificate, key }))) return 'damaged'
  const facts = certificateFacts(certificate)
  if (!issuedBy(certificate, ca.certificate)) return 'of another authority'
  if (trustedNowMs(nowMs) >= renewalMs(certificate, leafLifeMs)) return 'due for renewal'
  if (facts.commonName !== profile.commonName) return 'names changed'
  if (facts.organizations.join('\n') !== profile.organizations.join('\n')) return 'names changed'
  const missing = unique(profile.names).some(name => !facts.names.includes(name))
  return missing || facts.names.length !== unique(profile.names).length ? 'names changed' : undefined
}

function ensureServiceAccountKey(spec: PkiSpec, issued: IssuedNote[]): string {
  const path = join(spec.dataDirectory, 'server/tls/service.key')
  const found = readIfPresent(path)
  if (found !== undefined && !attempt(() => createPrivateKey(found).type === 'private')) {
    throw new PkiError(
      `${path} is damaged: restore it from a backup, or remove it to make a new one; tokens of service accounts are issued anew then`,
    )
  }
  if (found !== undefined) return found
  const key = newRsaKey()
  writePrivate(path, key)
  issued.push({ file: path, reason: 'missing' })
  return key
}

function keep(base: string, pair: KeyPair, issued: IssuedNote[], reason: string): KeyPair {
  writePrivate(`${base}.key`, pair.key)
  writePrivate(`${base}.crt`, pair.certificate)
  issued.push({ file: `${base}.crt`, reason })
  return pair
}

function readPair(base: string): Partial<KeyPair> {
  return { certificate: readIfPresent(`${base}.crt`), key: readIfPresent(`${base}.key`) }
}

function readable(certificate: string): boolean {
  return attempt(() => new X509Certificate(certificate).subject !== undefined)
}

/** Whether a PEM text is readable is the question here; how it is broken does not matter to the answer. */
function attempt(check: () => boolean): boolean {
  try {
    return check()
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names.map(canonicalName))]
}

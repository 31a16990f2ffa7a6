import type { ConnectionLimits, Listener, TlsMaterial } from '../../server/http/listen.ts'
import { contextChooser, type NamedCertificate, tlsLimits } from '../../server/http/tls-choice.ts'
import type { Ports } from '../../std/ports.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import { followFile, readConfigured } from './configured-file.ts'

/** What the serving flags say. */
export interface ServingSource {
  readonly own: CertificateFiles | undefined
  readonly named: readonly (CertificateFiles & { readonly names: readonly string[] })[]
  readonly limits: ConnectionLimits
}

interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

export function servingSource(flags: FlagReader): ServingSource {
  const cert = flags.optional('tls-cert-file')
  const key = flags.optional('tls-private-key-file')
  if ((cert === undefined) !== (key === undefined))
    throw new UserError('--tls-cert-file and --tls-private-key-file go together', 'Give both, or neither.', 2)
  return {
    own: cert !== undefined && key !== undefined ? { cert, key } : undefined,
    named: flags.list('tls-sni-cert-key').map(text => {
      const [files = '', names = ''] = text.split(':')
      const [certFile = '', keyFile = ''] = files.split(',')
      return { cert: certFile, key: keyFile, names: names.toLowerCase().split(',').filter(Boolean) }
    }),
    limits: {
      ...tlsLimits(flags.list('tls-cipher-suites'), flags.text('tls-min-version')),
      servesHttp2: !flags.yes('disable-http2-serving'),
      goawayChance: Number(flags.text('goaway-chance')),
      // As upstream, 0 is what the library would have.
      streamsMax: flags.integer('http2-max-streams-per-connection') || 250,
    },
  }
}

/** The material with the certificates that flags name in place of, or beside, the cluster's own. */
export function withConfigured({ own, named }: ServingSource, material: TlsMaterial): TlsMaterial {
  const read = ({ cert, key }: CertificateFiles, flag: string) => ({
    cert: readConfigured(cert, flag),
    key: readConfigured(key, flag),
  })
  const certificates: NamedCertificate[] = named.map(each => ({
    ...read(each, 'tls-sni-cert-key'),
    names: each.names,
  }))
  const whole = { ...material, ...(own && read(own, 'tls-cert-file')), named: certificates }
  requireUsable(whole)
  return whole
}

function requireUsable({ cert, key, named = [] }: TlsMaterial): void {
  try {
    contextChooser([{ cert, key, names: ['-'] }, ...named])
  } catch (error) {
    throw new UserError(
      `a certificate cannot be served: ${(error as Error).message}`,
      'Check --tls-cert-file, --tls-private-key-file and --tls-sni-cert-key.',
    )
  }
}

/** Serves changed files from the next connection on; what cannot be served leaves the ones before. The answer ends it. */
export function followCertificates(
  { own, named }: ServingSource,
  listener: Pick<Listener, 'setTls'>,
  material: () => TlsMaterial,
  { log }: Pick<Ports, 'log'>,
): () => void {
  const files = [...(own ? [own] : []), ...named].flatMap(({ cert, key }) => [cert, key])
  const changed = () => {
    try {
      listener.setTls(material())
      log.info('serving certificates taken anew')
    } catch (error) {
      log.error('a changed certificate is not usable; the one before stays', {
        reason: (error as Error).message,
      })
    }
  }
  const stop = new AbortController()
  for (const file of files) followFile(file, { log }, stop.signal, changed)
  return () => stop.abort()
}

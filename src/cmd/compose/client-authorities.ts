import { X509Certificate } from 'node:crypto'
import type { Pki } from '../../server/pki/pki.ts'
import type { CaName } from '../../server/pki/profiles.ts'
import type { Ports } from '../../std/ports.ts'
import { openConfiguredFile } from './configured-file.ts'

export interface AuthorityFiles {
  /** Of `--client-ca-file`: they sign client certificates, as the cluster's own authority does. */
  readonly clients: string | undefined
  /** Of `--requestheader-client-ca-file`: they sign those of proxies, in place of the cluster's own. */
  readonly proxies: string | undefined
}

/**
 * The keys of this cluster with the authorities that flags name; the files are read again when they change, and
 * `changed` told.
 */
export async function openClientAuthorities(
  { clients, proxies }: AuthorityFiles,
  ports: Ports,
  signal: AbortSignal,
  changed: () => void,
): Promise<(pki: Pki) => Pki> {
  const follow = (file: Omit<AuthorityFile, 'changed'>) =>
    openAuthorities({ ...file, changed }, ports, signal)
  const withClients = await follow({
    ...{ path: clients, flag: 'client-ca-file', authority: 'client-ca' },
    merge: (own, further) => `${own.trimEnd()}\n${further}`,
  })
  const withProxies = await follow({
    ...{ path: proxies, flag: 'requestheader-client-ca-file', authority: 'request-header-ca' },
    merge: (_own, other) => other,
  })
  return pki => withProxies(withClients(pki))
}

interface AuthorityFile {
  readonly path: string | undefined
  readonly flag: string
  readonly authority: CaName
  /** PEM of what counts, of the cluster's own and the file. */
  readonly merge: (own: string, inFile: string) => string
  readonly changed: () => void
}

async function openAuthorities(
  { path, flag, authority, merge, changed }: AuthorityFile,
  ports: Ports,
  signal: AbortSignal,
): Promise<(pki: Pki) => Pki> {
  if (path === undefined) return pki => pki
  let inFile = ''
  let last: { readonly of: Pki; readonly with: string; readonly made: Pki } | undefined
  const apply = (text: string) => {
    new X509Certificate(text)
    inFile = text
    changed()
  }
  await openConfiguredFile({ path, flag, apply }, ports, signal)
  return pki => {
    if (last?.of === pki && last.with === inFile) return last.made
    const own = pki.authorities[authority]
    const certificate = merge(own.certificate, inFile)
    const made = { ...pki, authorities: { ...pki.authorities, [authority]: { ...own, certificate } } }
    last = { of: pki, with: inFile, made }
    return made
  }
}

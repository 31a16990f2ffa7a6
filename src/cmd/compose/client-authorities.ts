import { X509Certificate } from 'node:crypto'
import type { Pki } from '../../server/pki/pki.ts'
import type { Ports } from '../../std/ports.ts'
import { openConfiguredFile } from './configured-file.ts'

const flag = 'client-ca-file'

/**
 * Adds the authorities of `--client-ca-file` to the one that signs this cluster's client certificates; the file is read
 * again when it changes, and `changed` told.
 */
export async function openClientAuthorities(
  path: string | undefined,
  ports: Ports,
  signal: AbortSignal,
  changed: () => void,
): Promise<(pki: Pki) => Pki> {
  if (path === undefined) return pki => pki
  let further = ''
  let last: { readonly of: Pki; readonly with: string; readonly made: Pki } | undefined
  const apply = (text: string) => {
    new X509Certificate(text)
    further = text
    changed()
  }
  await openConfiguredFile({ path, flag, apply }, ports, signal)
  return pki => {
    if (last?.of !== pki || last.with !== further)
      last = { of: pki, with: further, made: extended(pki, further) }
    return last.made
  }
}

function extended(pki: Pki, further: string): Pki {
  const own = pki.authorities['client-ca']
  const both = { ...own, certificate: `${own.certificate.trimEnd()}\n${further}` }
  return { ...pki, authorities: { ...pki.authorities, 'client-ca': both } }
}

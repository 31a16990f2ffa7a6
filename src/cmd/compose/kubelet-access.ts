import type { Dial } from '../../server/egress/dial.ts'
import { certificatesIn, type KeyPair } from '../../server/pki/certificate.ts'
import type { Pki } from '../../server/pki/pki.ts'
import type { KubeletTls } from '../../server/subresources/kubelet-access.ts'
import type { Ports } from '../../std/ports.ts'
import type { FlagReader } from '../server-flags.ts'
import { openConfiguredFile } from './configured-file.ts'
import { type KeyPairFiles, keyPairFiles, openKeyPair } from './key-pair.ts'

/** Which kubelets are believed, and what they are shown; undefined: as the cluster's own are. */
export interface KubeletSource {
  readonly addressTypes: readonly string[]
  readonly client: KeyPairFiles | undefined
  readonly caFile: string | undefined
}

const caFlag = 'kubelet-certificate-authority'

export function kubeletSource(flags: FlagReader): KubeletSource {
  return {
    addressTypes: flags.list('kubelet-preferred-address-types'),
    client: keyPairFiles(flags, 'kubelet-client-certificate', 'kubelet-client-key'),
    caFile: flags.optional(caFlag),
  }
}

/**
 * The server shows kubelets its own client certificate, and knows theirs by the kubelets' authority, unless flags name
 * others; the files are read again when they change.
 */
export async function openKubeletAccess(
  { addressTypes, client, caFile }: KubeletSource,
  pki: () => Pki,
  { ports, dial }: { readonly ports: Ports; readonly dial: Dial | undefined },
  signal: AbortSignal,
): Promise<KubeletTls> {
  let given: KeyPair | undefined
  let authority: string | undefined
  if (client)
    await openKeyPair(
      client,
      pair => {
        given = pair
      },
      ports,
      signal,
    )
  const apply = (text: string) => {
    if (certificatesIn(text).length === 0) throw new Error('the file holds no certificate')
    authority = text
  }
  if (caFile !== undefined) await openConfiguredFile({ path: caFile, flag: caFlag, apply }, ports, signal)
  const shown = () => given ?? pki().certificates.get('client-kube-apiserver')!
  return {
    ...{ addressTypes, dial },
    get cert() {
      return shown().certificate
    },
    get key() {
      return shown().key
    },
    get ca() {
      return authority ?? pki().authorities['kubelet-ca'].certificate
    },
  }
}

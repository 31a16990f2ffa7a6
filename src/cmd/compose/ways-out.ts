import type { Dial, Egress } from '../../server/egress/dial.ts'
import type { Pki } from '../../server/pki/pki.ts'
import type { ApiServerOptions } from '../../server/server.ts'
import type { KubeletTls } from '../../server/subresources/kubelet-access.ts'
import { readDescriptions } from './descriptions.ts'

/** How the server reaches others, and what it says of itself. */
export function waysOut(
  pki: () => Pki,
  kubeletAddressTypes: readonly string[],
  egress: Egress,
): Pick<ApiServerOptions, 'kubelet' | 'egress' | 'readDescriptions'> {
  return { kubelet: kubeletTls(pki, kubeletAddressTypes, egress.cluster), egress, readDescriptions }
}

/** The server shows kubelets its own client certificate, and knows theirs by the kubelets' authority. */
function kubeletTls(pki: () => Pki, addressTypes: readonly string[], dial?: Dial): KubeletTls {
  const own = () => pki().certificates.get('client-kube-apiserver')!
  return {
    addressTypes,
    dial,
    get cert() {
      return own().certificate
    },
    get key() {
      return own().key
    },
    get ca() {
      return pki().authorities['kubelet-ca'].certificate
    },
  }
}

import type { FrontProxy } from '../../server/aggregation/front-proxy.ts'
import type { Pki } from '../../server/pki/pki.ts'
import type { ApiServerOptions } from '../../server/server.ts'
import type { KubeletTls } from '../../server/subresources/kubelet-access.ts'
import { readDescriptions } from './descriptions.ts'

/** How the server reaches others, and what it says of itself. */
export function waysOut(
  pki: () => Pki,
  kubeletAddressTypes: readonly string[],
): Pick<ApiServerOptions, 'kubelet' | 'frontProxy' | 'readDescriptions'> {
  return {
    kubelet: kubeletTls(pki, kubeletAddressTypes),
    frontProxy: () => frontProxyOf(pki()),
    readDescriptions,
  }
}

/** The certificate that servers behind this one believe about whom it asks for. */
function frontProxyOf({ certificates, authorities }: Pki): FrontProxy {
  const { certificate, key } = certificates.get('client-auth-proxy')!
  return {
    cert: certificate,
    key,
    requestHeaderCa: authorities['request-header-ca'].certificate,
    clientCa: authorities['client-ca'].certificate,
  }
}

/** The server shows kubelets its own client certificate, and knows theirs by the kubelets' authority. */
function kubeletTls(pki: () => Pki, addressTypes: readonly string[]): KubeletTls {
  const own = () => pki().certificates.get('client-kube-apiserver')!
  return {
    addressTypes,
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

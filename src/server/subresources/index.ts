import type { Connector } from '../rest/call.ts'
import { bindNamed, bindPod } from './binding.ts'
import { evictPod } from './eviction.ts'
import { logConnector, portForwardConnector, streamConnector } from './kubelet.ts'
import type { KubeletTls } from './kubelet-access.ts'
import { nodeProxy, podProxy, serviceProxy } from './proxy.ts'
import { type RequestToken, tokenConnector } from './token.ts'

export interface ConnectorSources {
  /** Absent: tokens are refused by name. */
  readonly requestToken?: RequestToken
  /** Absent: what needs a kubelet is refused by name. */
  readonly kubelet?: KubeletTls
}

/** Subresources with behaviour of their own, by `Subresource.connector`; `bindings` is a resource that is only posted. */
export function createConnectors({
  requestToken,
  kubelet,
}: ConnectorSources): ReadonlyMap<string, Connector> {
  const table: [string, Connector][] = [
    ['bindings', bindNamed],
    ['pods/binding', bindPod],
    ['pods/eviction', evictPod],
    ['pods/proxy', podProxy],
    ['services/proxy', serviceProxy],
  ]
  if (requestToken) table.push(['serviceaccounts/token', tokenConnector(requestToken)])
  if (kubelet) {
    table.push(
      ['pods/log', logConnector(kubelet)],
      ['pods/exec', streamConnector('exec', kubelet)],
      ['pods/attach', streamConnector('attach', kubelet)],
      ['pods/portforward', portForwardConnector(kubelet)],
      ['nodes/proxy', nodeProxy(kubelet)],
    )
  }
  return new Map(table)
}

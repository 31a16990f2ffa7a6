import type { Authorizer } from '../context.ts'
import type { Egress } from '../egress/dial.ts'
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
  /** Asked again where a WebSocket comes by a verb that says less than it does. */
  readonly authorizer?: Authorizer
  /** Absent: what needs a kubelet is refused by name. */
  readonly kubelet?: KubeletTls
  /** How pods are reached; default: over this machine's own network. */
  readonly egress?: Egress
}

/** Subresources with behaviour of their own, by `Subresource.connector`; `bindings` is a resource that is only posted. */
export function createConnectors({
  requestToken,
  authorizer,
  kubelet,
  egress: { cluster: dial } = {},
}: ConnectorSources): ReadonlyMap<string, Connector> {
  const table: [string, Connector][] = [
    ['bindings', bindNamed],
    ['pods/binding', bindPod],
    ['pods/eviction', evictPod],
    ['pods/proxy', podProxy(dial)],
    ['services/proxy', serviceProxy(dial)],
  ]
  if (requestToken) table.push(['serviceaccounts/token', tokenConnector(requestToken)])
  if (kubelet) {
    const streams = { tls: kubelet, ...(authorizer && { authorizer }) }
    table.push(
      ['pods/log', logConnector(kubelet)],
      ['pods/exec', streamConnector('exec', streams)],
      ['pods/attach', streamConnector('attach', streams)],
      ['pods/portforward', portForwardConnector(streams)],
      ['nodes/proxy', nodeProxy(kubelet)],
    )
  }
  return new Map(table)
}

import type { Node } from '../../api/types/core-v1.gen.ts'
import { badRequest, notFound, notImplemented, plainFailure } from '../../machinery/status/errors.ts'
import type { Dial, Dialed } from '../egress/dial.ts'
import type { RestCall } from '../rest/call.ts'
import { objectKey } from '../watchcache/index.ts'

/** How the server shows itself to kubelets. */
export interface KubeletTls {
  /** PEM; the client certificate that kubelets know the API server by. */
  readonly cert: string
  readonly key: string
  /** PEM; who signs kubelets' serving certificates. Absent: they are not verified, as upstream's default is. */
  readonly ca?: string
  /** Which of a node's addresses are tried, the best first. Default: as upstream's. */
  readonly addressTypes?: readonly string[]
  /** How kubelets are reached where this machine's own network does not lead to them. */
  readonly dial?: Dial | undefined
}

export interface Endpoint extends Dialed {
  readonly tls?: EndpointTls
}

export interface EndpointTls extends KubeletTls {
  /** The name that the certificate is for, where it is not the host. */
  readonly servername?: string
  /** Verified by the system's authorities where there is no `ca`. */
  readonly isVerified?: boolean
}

const kubeletPort = 10250
/** How nodes of --simulated-node name the engine that they do not have. */
const simulatedRuntime = 'simulated://'
/** Upstream's --kubelet-preferred-address-types. */
export const kubeletAddressTypes = ['InternalIP', 'Hostname', 'ExternalIP'] as const
/** All that there are (core/v1 NodeAddressType). */
export const nodeAddressTypes: readonly string[] = [...kubeletAddressTypes, 'InternalDNS', 'ExternalDNS']

/** Where a node's kubelet listens. 404, by the name of what was asked for, where the node is gone; 500 without address. */
export function kubeletOf({ deps, context }: RestCall, nodeName: string, tls: KubeletTls): Endpoint {
  const cached = deps.cache.get(objectKey({ group: '', plural: 'nodes' }, undefined, nodeName))
  if (!cached) throw notFound({ group: '', resource: context.info.resource }, nodeName)
  return endpointOf(cached.object as Node, tls)
}

/**
 * Where the kubelet of a node listens; 500 where nobody knows an address of it, 501 for one that only pretends: at its
 * address another kubelet may listen.
 */
export function endpointOf({ metadata, status }: Node, tls: KubeletTls): Endpoint {
  if (status?.nodeInfo?.containerRuntimeVersion.startsWith(simulatedRuntime))
    throw notImplemented(`reaching into pods of the simulated node "${metadata.name}"`)
  const { addressTypes: types = kubeletAddressTypes } = tls
  const found = types.map(type => status?.addresses?.find(address => address.type === type)?.address)
  const host = found.find(address => address !== undefined)
  if (!host) {
    const known = (status?.addresses ?? []).map(({ type, address }) => `{${type} ${address}}`)
    throw plainFailure(`no preferred addresses found; known addresses: [${known.join(' ')}]`)
  }
  const { Port: port = 0 } = status?.daemonEndpoints?.kubeletEndpoint ?? {}
  return { host, port: port || kubeletPort, tls, dial: tls.dial }
}

/** `10250`, `https:NAME:10250` → name, scheme and port of a node, pod or service proxy path. */
export function splitProxyName(text: string, noun: string): ProxyName {
  const parts = text.split(':')
  const [scheme = '', name = '', port = ''] = parts.length < 3 ? ['', ...parts] : parts
  if (parts.length <= 3 && name !== '' && ['', 'http', 'https'].includes(scheme))
    return { scheme, name, port }
  throw badRequest(`invalid ${noun} request ${JSON.stringify(text)}`)
}

export interface ProxyName {
  readonly scheme: string
  readonly name: string
  readonly port: string
}

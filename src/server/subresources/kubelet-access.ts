import type { Node } from '../../api/types/core-v1.gen.ts'
import { badRequest, internalError, notFound } from '../../machinery/status/errors.ts'
import type { RestCall } from '../rest/call.ts'
import { objectKey } from '../watchcache/index.ts'

/** How the server shows itself to kubelets. */
export interface KubeletTls {
  /** PEM; the client certificate that kubelets know the API server by. */
  readonly cert: string
  readonly key: string
  /** PEM; who signs kubelets' serving certificates. Absent: they are not verified, as upstream's default is. */
  readonly ca?: string
}

export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly tls?: EndpointTls
}

export interface EndpointTls extends KubeletTls {
  /** The name that the certificate is for, where it is not the host. */
  readonly servername?: string
  /** Verified by the system's authorities where there is no `ca`. */
  readonly isVerified?: boolean
}

const kubeletPort = 10250
/** Upstream's --kubelet-preferred-address-types. */
const addressTypes = ['InternalIP', 'Hostname', 'ExternalIP']

/** Where a node's kubelet listens. 404 for a node that is not there, 400 for one without an address. */
export function kubeletOf({ deps }: RestCall, nodeName: string, tls: KubeletTls): Endpoint {
  const cached = deps.cache.get(objectKey({ group: '', plural: 'nodes' }, undefined, nodeName))
  if (!cached) throw notFound({ group: '', resource: 'nodes' }, nodeName)
  const { status } = cached.object as Node
  const found = addressTypes.map(type => status?.addresses?.find(address => address.type === type)?.address)
  const host = found.find(address => address !== undefined)
  if (!host) throw internalError(`no preferred addresses found; known addresses: []`)
  const { Port: port = 0 } = status?.daemonEndpoints?.kubeletEndpoint ?? {}
  return { host, port: port || kubeletPort, tls }
}

/** `10250`, `https:NAME:10250` → name, scheme and port of a node, pod or service proxy path. */
export function splitProxyName(text: string): {
  readonly scheme: string
  readonly name: string
  readonly port: string
} {
  const parts = text.split(':')
  if (parts.length === 1) return { scheme: '', name: parts[0]!, port: '' }
  if (parts.length === 2) return { scheme: '', name: parts[0]!, port: parts[1]! }
  if (parts.length === 3 && ['', 'http', 'https'].includes(parts[0]!)) {
    return { scheme: parts[0]!, name: parts[1]!, port: parts[2]! }
  }
  throw badRequest(`invalid proxy request ${JSON.stringify(text)}`)
}

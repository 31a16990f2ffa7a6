import { request } from 'node:https'
import type { Registry } from '../../api/registry.ts'
import type { APIService } from '../../api/types/apiregistration-v1.gen.ts'
import type { ConfigMap, Service } from '../../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import type { Transport } from '../../client/transport.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { joinHostPort } from '../../std/host-port.ts'
import type { Ports } from '../../std/ports.ts'
import type { Followed } from '../cache-sources.ts'
import type { Handler } from '../context.ts'
import { connectionThrough, type Dial } from '../egress/dial.ts'
import type { Source } from '../lister.ts'
import { tlsOptions } from '../subresources/forward.ts'
import type { Endpoint } from '../subresources/kubelet-access.ts'
import { dialFailure } from '../webhook-client/failure.ts'
import { createServiceResolver, type ServiceResolver } from '../webhook-client/service-resolver.ts'
import { maintainAuthenticationConfig } from './authentication-config.ts'
import { maintainAvailability } from './availability.ts'
import { type FrontProxy, type ProxyHeaders, userHeaders } from './front-proxy.ts'
import { registerLocalApis } from './local-apis.ts'
import { aggregate, endpointOf } from './proxy.ts'
import { followRemoteApis, type RemoteApi, type RemoteApis } from './remote-apis.ts'

export interface AggregationSources {
  readonly apiServices: Source<APIService>
  readonly services: Source<Service>
  readonly endpointSlices: Source<EndpointSlice>
  /** What servers behind this one read of whom to believe. */
  readonly authenticationConfig: Followed<ConfigMap>
}

/** Other API servers behind this one. */
export interface Aggregation {
  readonly remotes: RemoteApis
  /** Takes what is theirs, and gives the rest to `next`. */
  wrap(next: Handler): Handler
  /** A JSON document of one of them; undefined when it does not give it. */
  fetch(remote: RemoteApi, path: string): Promise<JsonObject | undefined>
  /** Registers this server's own APIs and watches over the others', until `signal` aborts. */
  start(setup: { transport: Transport; registry: Registry; ports: Ports }, signal: AbortSignal): Promise<void>
}

export interface AggregationOptions {
  readonly sources: AggregationSources
  readonly frontProxy: () => FrontProxy
  /** Takes who is to be told when `frontProxy` says something else. */
  readonly onProxyChanged?: ((told: () => void) => void) | undefined
  /** How servers behind this one are reached; default: over this machine's own network. */
  readonly dial?: Dial | undefined
  readonly ports: Pick<Ports, 'clock' | 'random'>
}

/** Builds the way to other servers over listers that are filled by now. */
export function createAggregation({
  sources,
  frontProxy,
  onProxyChanged,
  dial,
  ports,
}: AggregationOptions): Aggregation {
  const remotes = followRemoteApis(sources.apiServices)
  const resolve = createServiceResolver(sources, ports.random, dial)
  const way = { resolve, frontProxy }
  return {
    remotes,
    wrap: next => aggregate({ ...way, remotes }, next),
    async fetch(remote, path) {
      const endpoint = endpointOf(way, remote)
      if (!endpoint) return undefined
      try {
        return await ask(endpoint, path)
      } catch (error) {
        if (error instanceof ProbeError) return undefined
        throw error
      }
    },
    async start({ transport, registry, ports: all }, signal) {
      const publish = await maintainAuthenticationConfig(
        { transport, configMap: sources.authenticationConfig, proxy: frontProxy, ports: all },
        signal,
      )
      onProxyChanged?.(publish)
      maintainAvailability(
        {
          ...sources,
          transport,
          ports: all,
          told: remotes.told,
          probe: apiService => probe(apiService, resolve, frontProxy()),
        },
        signal,
      )
      registerLocalApis({ registry, apiServices: sources.apiServices, transport, ports: all }, signal)
    },
  }
}

/** Asks as somebody who may see everything; whether the server is the right one is not the question here. */
async function probe(
  { spec }: APIService,
  resolve: ServiceResolver,
  { cert, key }: FrontProxy,
): Promise<JsonObject> {
  const { namespace = '', name = '', port = 443 } = spec?.service ?? {}
  const at = resolve(namespace, name, port)
  const path = `/apis/${spec?.group ?? ''}/${spec?.version ?? ''}`
  return ask({ ...at, tls: { cert, key, isVerified: false } }, path)
}

const probeTimeoutMs = 5000
const bodyBytesMax = 32 * 1024 * 1024
const ownUser = { username: 'system:kube-aggregator', groups: ['system:masters'] }

class ProbeError extends Error {}

function ask(endpoint: Endpoint, path: string): Promise<JsonObject> {
  const { host, port } = endpoint
  const tls = tlsOptions(endpoint.tls!)
  const url = `https://${joinHostPort(host, port)}${path}`
  const fail = (what: string) => new ProbeError(`failing or missing response from ${url}: ${what}`)
  const { promise, resolve, reject } = Promise.withResolvers<JsonObject>()
  const headers: ProxyHeaders = { accept: 'application/json', ...userHeaders(ownUser) }
  const sent = request(
    {
      host,
      port,
      path,
      headers: headers as Record<string, string | string[]>,
      timeout: probeTimeoutMs,
      ...tls,
      ...connectionThrough(endpoint, tls),
    },
    answer => {
      const chunks: Buffer[] = []
      let size = 0
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > bodyBytesMax) sent.destroy(new Error('the response is too large'))
        chunks.push(chunk)
      })
      answer.on('end', () => {
        const { statusCode = 0 } = answer
        if (statusCode < 200 || statusCode >= 300) reject(fail(`bad status from ${url}: ${statusCode}`))
        else resolve(parse(Buffer.concat(chunks).toString()))
      })
    },
  )
  sent.on('timeout', () => sent.destroy(new Error('context deadline exceeded')))
  sent.on('error', error => reject(fail(`Get ${JSON.stringify(url)}: ${dialFailure(error)}`)))
  sent.end()
  return promise
}

/** Some answer a health check with plain text. */
function parse(text: string): JsonObject {
  if (!text.startsWith('{')) return {}
  try {
    return JSON.parse(text) as JsonObject
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

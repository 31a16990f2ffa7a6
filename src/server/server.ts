import { apiServices } from '../api/apiregistration/api-service.ts'
import { configMaps } from '../api/core/config-map.ts'
import { services } from '../api/core/service.ts'
import { endpointSlices } from '../api/discovery/endpoint-slice.ts'
import type { Registry } from '../api/registry.ts'
import type { Catalog } from '../client/catalog.ts'
import type { Transport } from '../client/transport.ts'
import type { LongYaml } from '../machinery/codec/index.ts'
import { toApiVersion } from '../machinery/meta/group.ts'
import type { Ports } from '../std/ports.ts'
import type { Store } from '../storage/store.ts'
import { authenticationConfig } from './aggregation/authentication-config.ts'
import type { FrontProxy } from './aggregation/front-proxy.ts'
import { type Aggregation, type AggregationSources, createAggregation } from './aggregation/index.ts'
import { servedCatalog } from './aggregation/served-catalog.ts'
import { componentUsers, programOf } from './authn/identity.ts'
import { createCacheSources } from './cache-sources.ts'
import { createChain, requestTimeoutMs } from './chain.ts'
import { type ComponentChecks, componentStatusReader } from './component-status.ts'
import type { AdmissionPlugin, Authenticator, Authorizer, Handler, UserInfo } from './context.ts'
import { followDefinitions } from './crd/definitions.ts'
import { createDiscovery } from './discovery/discovery.ts'
import { mountDiscovery } from './discovery/routes.ts'
import type { Egress } from './egress/dial.ts'
import { eventTtlMs, expireEvents } from './event-expiry.ts'
import type { Auditing } from './filters/audit.ts'
import { mountFlowDebug } from './flow/debug.ts'
import { serveFlowControl } from './flow/serve.ts'
import { healthChecks } from './health-checks.ts'
import type { BrowserRules } from './http/browsers.ts'
import { createDrain } from './http/drain.ts'
import { createFront } from './http/front.ts'
import { type HealthCheck, type HealthOptions, mountHealth } from './http/health.ts'
import { mountIndex } from './http/index-page.ts'
import { type ConnectionLimits, type Listener, listen, type TlsMaterial } from './http/listen.ts'
import { createRoutes, type Routes } from './http/routes.ts'
import { createUpgradeHandler } from './http/upgrade.ts'
import { createWatchDrain } from './http/watch-drain.ts'
import { createInProcessTransport } from './in-process.ts'
import { admissionMeter } from './metrics/admission.ts'
import { measureCache } from './metrics/cache-metrics.ts'
import { restMeter } from './metrics/rest-meter.ts'
import { mountMetrics } from './metrics/routes.ts'
import { measuredStore } from './metrics/store-metrics.ts'
import type { Descriptions } from './openapi/descriptions.ts'
import { otherDocuments } from './openapi/other-documents.ts'
import { mountOpenApi } from './openapi/routes.ts'
import { mountProfiles, type Profiler } from './profiles/routes.ts'
import { scraperOf } from './resource-metrics/kubelet-scrape.ts'
import { resourceMetricsReaders } from './resource-metrics/readers.ts'
import { createSampler } from './resource-metrics/sampler.ts'
import { createRest } from './rest/dispatch.ts'
import { decodeStored } from './rest/stored.ts'
import type { VastJudge } from './rest/vast-judge.ts'
import { watchTimeoutMinMs } from './rest/watch.ts'
import { createReviewers, type ReviewSources } from './reviews/index.ts'
import {
  defaultServiceNetwork,
  type ServiceNetwork,
  serviceAllocator,
} from './service-ip/service-allocator.ts'
import { createServerHooks } from './start-hooks.ts'
import { createConnectors } from './subresources/index.ts'
import type { KubeletTls } from './subresources/kubelet-access.ts'
import type { RequestToken } from './subresources/token.ts'
import { tracedStore } from './tracing/traced-store.ts'
import type { Tracing } from './tracing/tracing.ts'
import { mountVersion, serverVersion, type VersionInfo } from './version.ts'
import { createFirstObjects, createWatchCache, type WatchCache } from './watchcache/index.ts'
import { createServiceResolver } from './webhook-client/service-resolver.ts'
import { createWebhookClient } from './webhook-client/webhook-client.ts'

export interface ApiServerOptions {
  readonly ports: Ports
  readonly store: Store
  readonly registry: Registry
  readonly authenticator: Authenticator
  /** Whether callers without a credential may ask for a path at all. Default: yes; RBAC decides what they get. */
  readonly allowsAnonymous?: (path: string) => boolean
  readonly authorizer: Authorizer
  readonly admission?: readonly AdmissionPlugin[]
  /** What reviews and TokenRequest ask of the security side. */
  readonly reviews?: Pick<ReviewSources, 'subjectRules' | 'tokenStatus'>
  readonly requestToken?: RequestToken
  /** Ways into networks that this server is not in. Default: it is in all. */
  readonly egress?: Egress
  /** How the server shows itself to kubelets. */
  readonly kubelet?: KubeletTls
  readonly serviceNetwork?: ServiceNetwork
  readonly auditing?: Auditing
  /** Absent: there is no `/debug/pprof/`. */
  readonly profiler?: Profiler | undefined
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined
  /** Requests that may be in work at a time, shared out by priority and fairness. Default 600, as upstream. */
  readonly requestSeats?: number
  readonly requestTimeoutMs?: number
  /** CBOR besides the other encodings (KEP-4222). Default: not, as upstream. */
  readonly servesCbor?: boolean
  /** Reads and prints long YAML elsewhere than on this event loop. Default: here. */
  readonly longYaml?: LongYaml
  /** Judges objects with items by the ten thousand elsewhere. Default: here. */
  readonly vastJudge?: VastJudge
  /** Rights to act as others may be for some requests (KEP-5284). Default: not, as upstream. */
  readonly constrainsImpersonation?: boolean
  /** More of what `/livez` and `/readyz` wait for: work after the start, parts outside. */
  readonly checks?: readonly HealthCheck[]
  /** For so long `/livez` waits for none of it. Default 0, as upstream's --livez-grace-period. */
  readonly livezGraceMs?: number
  /** For so long everything is served although `/readyz` fails. Default 0, as upstream's --shutdown-delay-duration. */
  readonly shutdownDelayMs?: number
  /** Whether new connections of a server that leaves are told to come again later. Default: they are not taken. */
  readonly refusesWhileLeaving?: boolean
  /** Of what is passed on to kubelets and pods once a connection is upgraded; 0: as fast as it goes. */
  readonly connectionBytesPerSecondMax?: number
  /** Answers to pages of other origins, and what browsers are told of TLS. Default: nothing, as upstream. */
  readonly browsers?: BrowserRules
  /** Watches end spread over so long when the server stops. Default 0: all at once. */
  readonly shutdownWatchGraceMs?: number
  /** Watches that name no time last once to twice so long. Default half an hour, as upstream's --min-request-timeout. */
  readonly watchTimeoutMinMs?: number
  /** How long events live after their last write; 0 is for ever. Default an hour, as upstream's --event-ttl. */
  readonly eventTtlMs?: number
  /** `192.0.2.7:6443`, as clients are told. */
  readonly advertise?: string
  readonly version?: VersionInfo
  /** What ComponentStatuses tell besides the store. */
  readonly components?: ComponentChecks
  /** What OpenAPI documents say about types; absent: nothing. */
  readonly readDescriptions?: () => Descriptions | undefined
  /** How the server speaks for users to servers behind it; absent: there are none. */
  readonly frontProxy?: () => FrontProxy
  /** Takes who is to be told when `frontProxy` says something else. */
  readonly onFrontProxyChanged?: (told: () => void) => void
  /** Headers besides the usual by which only proxies speak of users: nobody behind this server is passed them. */
  readonly isProxyClaim?: ((header: string) => boolean) | undefined
  /** More routes for paths that are no resources. */
  readonly mount?: (routes: Routes) => void
}

export interface ListenAt {
  readonly port: number
  readonly host: string
  /** Absent: plain HTTP, for tests. */
  readonly tls?: TlsMaterial
  readonly limits?: ConnectionLimits
}

/** The API server: one chain, one registry, one cache over one store. */
export interface ApiServer {
  readonly handler: Handler
  readonly cache: WatchCache
  /** Everything that is served, by this server and by those behind it. */
  readonly catalog: Catalog
  listen(at: ListenAt): Promise<Listener>
  /** The way in for a component of this process, as `user`. */
  inProcess(user: UserInfo, userAgent?: string): Transport
  /** Registers what is served, and watches over the servers behind this one; once the cluster's first objects are there. */
  aggregate(): Promise<void>
  /** `/readyz` fails from now on; everything else is served until `shutdown` and the delay are over. */
  leave(): void
  /** Waits for what is in work, ends watches and listeners; the store stays the caller's. */
  shutdown(): Promise<void>
}

/** Builds the server over an open store; resolves when the cache is loaded. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { ports, registry } = options
  const store = observedStore(options)
  const cache = createWatchCache({ store, decode: decodeStored, clock: ports.clock, log: ports.log })
  await cache.ready
  const stopping = new AbortController()
  const listeners: Listener[] = []
  const drain = createDrain(ports.clock, options.shutdownDelayMs ?? 0)
  const watches = watchDrainOf(options)
  const started = createServerHooks(cache, options.frontProxy !== undefined)
  started.finished('cache')
  const hooks = [...started.checks, ...(options.checks ?? [])]
  const checks = healthChecks({ ports, store, cache, drain, hooks })
  const sources = aggregationSources(cache, stopping.signal)
  const aggregation = aggregationOf(options, sources)
  const served: Served = { cache, checks, aggregation, transport: () => transport }
  const handler = createHandler(options, served, stopping.signal)
  const bytesPerSecondMax = options.connectionBytesPerSecondMax
  const upgrade = createUpgradeHandler({ handler, ports, stopping: stopping.signal, bytesPerSecondMax })
  const limitMs = options.requestTimeoutMs ?? requestTimeoutMs
  const front = createFront({
    ...{ handler, ports, drain, watches, stopping: stopping.signal, requestTimeoutMs: limitMs },
    ...{ servesCbor: options.servesCbor ?? false, longYaml: options.longYaml, browsers: options.browsers },
  })
  const inProcess = (user: UserInfo, userAgent?: string) =>
    createInProcessTransport({ handler, user, userAgent, random: ports.random })
  measureCache({ metrics: ports.metrics, log: ports.log, cache, registry }, stopping.signal)
  const transport = inProcess(componentUsers.server, programOf(componentUsers.server))
  followDefinitions({
    cache,
    registry,
    transport,
    ports,
    signal: stopping.signal,
    webhooks: webhooksVia(sources, options),
  })
  expireEvents({ cache, ports, ttlMs: options.eventTtlMs ?? eventTtlMs }, stopping.signal)
  started.finished('kinds')
  return {
    handler,
    cache,
    catalog: catalogOf(options, { cache, remotes: aggregation?.remotes }, stopping.signal),
    inProcess,
    async aggregate() {
      await aggregation?.start({ transport, registry, ports }, stopping.signal)
      started.finished('aggregation')
    },
    async listen(at) {
      const listener = await listen({ front, upgrade, ports, ...at })
      listeners.push(listener)
      return listener
    },
    leave: () => drain.begin(),
    async shutdown() {
      await drain.close()
      for (const listener of listeners) {
        listener.leave()
        if (!options.refusesWhileLeaving) listener.stopListening()
      }
      await watches?.empty()
      stopping.abort()
      await drain.empty(limitMs)
      await Promise.all(listeners.map(listener => listener.close()))
      await cache.close()
    },
  }
}

type CatalogParts = Pick<Parameters<typeof servedCatalog>[0], 'remotes'> & { readonly cache: WatchCache }

function catalogOf(
  { registry, ports }: ApiServerOptions,
  { cache, remotes }: CatalogParts,
  signal: AbortSignal,
) {
  return servedCatalog({ registry, remotes, firstObjects: createFirstObjects(cache, ports.log, signal) })
}

function webhooksVia(sources: AggregationSources, { ports, egress = {} }: ApiServerOptions) {
  const resolve = createServiceResolver(sources, ports.random, egress.cluster)
  return createWebhookClient({ resolve, clock: ports.clock, dial: egress.controlplane })
}

function watchDrainOf({ shutdownWatchGraceMs: graceMs = 0, ports }: ApiServerOptions) {
  return graceMs > 0 ? createWatchDrain(ports.clock, graceMs) : undefined
}

function patienceOf({
  livezGraceMs = 0,
  ports: { clock },
}: ApiServerOptions): Pick<HealthOptions, 'isPatient'> {
  const untilMs = clock.monotonicMs() + livezGraceMs
  return livezGraceMs > 0 ? { isPatient: () => clock.monotonicMs() < untilMs } : {}
}

function observedStore({ store, ports, tracing }: ApiServerOptions): Store {
  const measured = measuredStore(store, ports)
  return tracing ? tracedStore(measured, tracing) : measured
}

function aggregationOf(
  { ports, frontProxy, onFrontProxyChanged: onProxyChanged, egress }: ApiServerOptions,
  sources: AggregationSources,
) {
  return (
    frontProxy && createAggregation({ sources, ports, frontProxy, onProxyChanged, dial: egress?.cluster })
  )
}

/** What the server itself reads about other servers. */
function aggregationSources(cache: WatchCache, signal: AbortSignal): AggregationSources {
  const sources = createCacheSources()
  sources.bind(cache, signal)
  return {
    apiServices: sources.of(apiServices),
    services: sources.of(services),
    endpointSlices: sources.of(endpointSlices),
    authenticationConfig: sources.only(configMaps, authenticationConfig.namespace, authenticationConfig.name),
  }
}

interface Served {
  readonly cache: WatchCache
  readonly checks: readonly HealthCheck[]
  readonly aggregation: Aggregation | undefined
  /** In process, as the server itself; once the handler is there. */
  readonly transport: () => Transport
}

function createHandler(
  options: ApiServerOptions,
  { cache, checks, aggregation, transport }: Served,
  stopping: AbortSignal,
): Handler {
  const { ports, registry, authenticator, authorizer, version = serverVersion } = options
  const { serviceNetwork = defaultServiceNetwork } = options
  const flow = serveFlowControl({ cache, registry, ports, totalSeats: options.requestSeats ?? 600 }, stopping)
  const rest = createRest({
    ports,
    cache,
    registry,
    admission: options.admission ?? [],
    watchTimeoutMinMs: options.watchTimeoutMinMs ?? watchTimeoutMinMs,
    meter: admissionMeter(ports.metrics),
    measured: restMeter(ports.metrics, ports.clock),
    connectors: createConnectors(options),
    allocators: new Map([
      ['services', serviceAllocator({ network: serviceNetwork, cache, ports, transport }, stopping)],
    ]),
    readers: new Map([
      ...resourceMetricsReaders(createSampler(scraperOf(options, cache), ports)),
      ['componentstatuses', componentStatusReader(componentChecks(checks, options.components))],
    ]),
    reviewers: createReviewers({ authorizer, clock: ports.clock, ...options.reviews }),
    vastJudge: options.vastJudge,
  })
  const routes = createRoutes(mounted => {
    const health = mountHealth(mounted, checks, { log: ports.log, ...patienceOf(options) })
    mountMetrics(mounted, ports.metrics, { health, startMs: ports.clock.nowMs() })
    if (options.profiler) mountProfiles(mounted, options.profiler, ports.clock)
    mountFlowDebug(mounted, flow, () => ({ wall: ports.clock.nowMs(), monotonic: ports.clock.monotonicMs() }))
    mountVersion(mounted, version)
    mountDiscovery(
      mounted,
      createDiscovery(registry, aggregation?.remotes),
      () => options.advertise ?? 'localhost',
    )
    mountOpenApi(mounted, {
      registry,
      version: version.gitVersion,
      custom: resource => resource.custom?.openApi,
      clock: ports.clock,
      ...(aggregation && { others: otherDocuments(aggregation) }),
      ...(options.readDescriptions && { readDescriptions: options.readDescriptions }),
    })
    options.mount?.(mounted)
    mountIndex(mounted, () => [
      ...new Set(registry.all().map(each => toApiVersion(each.group, each.version))),
    ])
  })
  const dispatch: Handler = context => (context.info.isResourceRequest ? rest(context) : routes(context))
  return createChain({
    ports,
    authenticator,
    authorizer,
    ...(options.allowsAnonymous && { allowsAnonymous: options.allowsAnonymous }),
    isProxyClaim: options.isProxyClaim,
    dispatch: aggregation ? aggregation.wrap(dispatch) : dispatch,
    ...(options.auditing && { auditing: options.auditing }),
    flow,
    ...(options.requestTimeoutMs !== undefined && { requestTimeoutMs: options.requestTimeoutMs }),
    constrainsImpersonation: options.constrainsImpersonation ?? false,
    tracing: options.tracing,
  })
}

function componentChecks(
  checks: readonly HealthCheck[],
  components: ComponentChecks = new Map(),
): ComponentChecks {
  const store = checks.find(({ name }) => name === 'etcd')
  return new Map([...components, ...(store ? [['etcd-0', store.check] as const] : [])])
}

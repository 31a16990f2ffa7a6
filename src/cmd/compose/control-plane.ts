import { hostname } from 'node:os'
import { resourceMetrics } from '../../api/metrics/resource-metrics.ts'
import { createRegistry, type Registry } from '../../api/registry.ts'
import type { Catalog } from '../../client/catalog.ts'
import { createClient } from '../../client/client.ts'
import type { Transport } from '../../client/transport.ts'
import { leaveTrace, tokenReviewStatus } from '../../server/authn/authenticator.ts'
import { componentUsers, controllerUser, programOf } from '../../server/authn/identity.ts'
import type { OutsideAuthentication } from '../../server/authn/jwt/outside-tokens.ts'
import { maintainEndpointLease } from '../../server/bootstrap/endpoint-lease.ts'
import { ensure, ensureBootstrapObjects, ensureLegacyTokenTracking } from '../../server/bootstrap/objects.ts'
import { reconcileBootstrapPolicy } from '../../server/bootstrap-policy/reconcile.ts'
import { type CacheSources, createCacheSources } from '../../server/cache-sources.ts'
import type { ComponentChecks } from '../../server/component-status.ts'
import type { UserInfo } from '../../server/context.ts'
import type { EncryptedStore } from '../../server/encryption/encrypted-store.ts'
import { maintainFlowObjects } from '../../server/flow/maintain.ts'
import { flowSources } from '../../server/flow/serve.ts'
import { createPostStartHooks, type PostStartHooks } from '../../server/http/post-start-hooks.ts'
import type { Routes } from '../../server/http/routes.ts'
import { maintainIdentityLease } from '../../server/identity-lease.ts'
import type { Pki } from '../../server/pki/pki.ts'
import { pkiRenewal } from '../../server/pki/renewal.ts'
import { metricsReaderRole } from '../../server/resource-metrics/role.ts'
import { createSecurity, type Security, type SecuritySetup } from '../../server/security.ts'
import { type ApiServer, type ApiServerOptions, createApiServer } from '../../server/server.ts'
import { repairServiceNetwork } from '../../server/service-ip/repair.ts'
import { storageVersionTeller } from '../../server/storage-versions.ts'
import type { Tracing } from '../../server/tracing/tracing.ts'
import { joinHostPort } from '../../std/host-port.ts'
import type { Ports, Runnable } from '../../std/ports.ts'
import { openAdmission } from './admission.ts'
import { openAuditing } from './auditing.ts'
import { openOutsideAuthentication } from './authentication.ts'
import { openAuthorization } from './authorization.ts'
import { openClientAuthorities } from './client-authorities.ts'
import { openEncryption } from './encryption.ts'
import { tellFeatures } from './features.ts'
import { mountJoining } from './join-routes.ts'
import { createLongYaml } from './long-yaml.ts'
import { openStore } from './open-store.ts'
import { openPki, pkiSpec } from './own-pki.ts'
import { mountPodResources } from './pod-resources.ts'
import { processProfiler } from './profiler.ts'
import { openServiceAccounts } from './service-accounts.ts'
import type { ServerSettings } from './settings.ts'
import { shareSecrets } from './shared-secrets.ts'
import { openTraces } from './tracing.ts'
import { waysOut } from './ways-out.ts'

/** An API server that is up, and the ways into it for the parts of this process. */
export interface ControlPlane {
  readonly server: ApiServer
  /** As it is now: certificates are renewed while the server runs. */
  readonly pki: Pki
  /** The same with further authorities whose client certificates count. */
  trusted(): Pki
  /** Also of authorities that were taken anew. */
  onRenewed(adopt: (pki: Pki) => void): void
  /** Runs before everything is closed. */
  onClose(run: () => void): void
  /** Renews what is due, for as long as it runs. */
  readonly renewal: Runnable
  readonly security: Security
  /** What is served just now, custom kinds included. */
  readonly catalog: Catalog
  /** In process, as this user; every request passes the whole chain. */
  as(user: UserInfo): Transport
  asController(name: string): Transport
  /** Ends watches and connections, then flushes and closes the store. */
  close(): Promise<void>
}

/** Opens the store, reads or makes the certificates, builds the server and brings its policy up to date. */
export async function openControlPlane(settings: ServerSettings, ports: Ports): Promise<ControlPlane> {
  tellFeatures(ports.metrics, settings.features)
  const shared = await shareSecrets(settings, ports)
  const pki = await openPki(settings, ports)
  const store = await openStore(settings, ports)
  const stop = new AbortController()
  try {
    const sealed = await openEncryption(store, settings, ports, stop.signal)
    await shared.publish()
    const plane = await buildServer(settings, ports, pki, {
      store: sealed,
      stop,
      tracing: await openTraces(settings, ports),
    })
    await sealed.rewriteStale()
    return plane
  } catch (error) {
    stop.abort()
    // What went wrong first is what is told.
    await store
      .close()
      .catch(failure => ports.log.warn('the store is not closed', { error: String(failure) }))
    throw error
  }
}

/** What `ensureBootstrapObjects` does, under the names that upstream's health checks have for it. */
const bootstrapHooks = [
  'start-system-namespaces-controller',
  'scheduling/bootstrap-system-priority-classes',
  'bootstrap-controller',
  'start-kubernetes-service-cidr-controller',
  'start-legacy-token-tracking-controller',
]
const flowHooks = [
  'priority-and-fairness-config-producer',
  'priority-and-fairness-config-consumer',
  'priority-and-fairness-filter',
]
/** Admission sees what is in the cluster. */
const admissionHook = 'start-apiserver-admission-initializer'
const identityHooks = [
  'start-kube-apiserver-identity-lease-controller',
  'start-kube-apiserver-identity-lease-garbage-collector',
]
const startHooks = [...identityHooks, admissionHook, 'rbac/bootstrap-roles', ...bootstrapHooks, ...flowHooks]

interface Opened {
  readonly store: EncryptedStore
  readonly stop: AbortController
  readonly tracing: Tracing | undefined
}

async function buildServer(
  settings: ServerSettings,
  ports: Ports,
  pki: Pki,
  { store, stop, tracing }: Opened,
): Promise<ControlPlane> {
  let current = pki
  const adopters: ((pki: Pki) => void)[] = []
  const sources = createCacheSources()
  const advertise = joinHostPort(settings.advertiseAddress, settings.port)
  const as = (user: UserInfo): Transport => server.inProcess(user, programOf(user))
  const adopt = () => {
    for (const each of adopters) each(current)
  }
  const trust = await openClientAuthorities(settings.clientCaFile, ports, stop.signal, adopt)
  const trusted = () => trust(current)
  const gates = { sources, tracing, pki: trusted, ownTransport: () => as(componentUsers.server) }
  const { security, outside } = await openSecurity(settings, ports, gates, stop.signal)
  const registry = registryOf(settings)
  const audit = await openAuditing(settings.auditing, ports, stop.signal)
  const hooks = createPostStartHooks(startHooks)
  const server = await createApiServer({
    ...{ ports, store, registry, tracing },
    ...switchedParts(settings, ports),
    authenticator: security.authentication.authenticate,
    allowsAnonymous: outside.allowsAnonymous,
    authorizer: security.authorize,
    admission: security.admission,
    ...(audit && { auditing: audit.auditing }),
    advertise,
    components: componentsOf(settings),
    postStartHooks: { ...hooks, checks: [...hooks.checks, kmsCheck(store)] },
    ...settings.pace,
    browsers: settings.browsers,
    serviceNetwork: { cidrs: settings.serviceCidrs, nodePorts: settings.nodePorts },
    ...waysOut(trusted, settings.kubeletAddressTypes),
    reviews: reviewsBy(security),
    mount: routes => mountPages(routes, settings, { pki, security, sources }),
    requestToken: security.authentication.tokens.request,
  })
  sources.bind(server.cache, stop.signal)
  hooks.finished(admissionHook)
  const transport = as(componentUsers.server)
  await prepareCluster(transport, settings, hooks, ports)
  await server.aggregate()
  await maintainFlowObjects({ ports, transport, ...flowSources(sources) }, stop.signal)
  const leave = maintainNetwork({ transport, ports, sources, registry, server }, settings, hooks, stop.signal)
  return {
    server,
    get pki() {
      return current
    },
    trusted,
    onRenewed: told => void adopters.push(told),
    onClose: run => stop.signal.addEventListener('abort', run, { once: true }),
    renewal: pkiRenewal(pkiSpec(settings), pki, renewed => {
      current = renewed
      adopt()
    }),
    security,
    catalog: server.catalog,
    as,
    asController: name => server.inProcess(controllerUser(name), 'kube-controller-manager'),
    async close() {
      await leave()
      stop.abort()
      await server.shutdown()
      await Promise.all([audit?.close(), tracing?.close()])
      await store.close()
    },
  }
}

/** Pages of this server alone, besides the API. */
function mountPages(
  routes: Routes,
  settings: ServerSettings,
  { pki, security, sources }: { pki: Pki; security: Security; sources: CacheSources },
): void {
  mountJoining(routes, settings, pki, security)
  if (!settings.disabled.has('scheduler')) mountPodResources(routes, sources)
}

type Switched = Pick<ApiServerOptions, 'servesCbor' | 'constrainsImpersonation' | 'profiler' | 'longYaml'>

/** What flags and gates switch on and off, and what only a real process has. */
function switchedParts({ features, profiling }: ServerSettings, { clock }: Ports): Switched {
  return {
    servesCbor: features.enabled('CBORServingAndStorage'),
    constrainsImpersonation: features.enabled('ConstrainedImpersonation'),
    profiler: profiling ? processProfiler(clock) : undefined,
    longYaml: createLongYaml(clock),
  }
}

interface Maintained {
  readonly transport: Transport
  readonly ports: Ports
  readonly sources: CacheSources
  readonly registry: Registry
  readonly server: Pick<ApiServer, 'cache'>
}

/** Keeps addresses and node ports in order, and says that this server is there; the answer takes that back. */
function maintainNetwork(
  to: Maintained,
  settings: ServerSettings,
  hooks: PostStartHooks,
  signal: AbortSignal,
): () => Promise<void> {
  const { nodePorts, features, port } = settings
  repairServiceNetwork({ ...to, nodePorts }, signal)
  const held = features.enabled('StorageVersionAPI') ? storageVersionTeller(to) : undefined
  const leaves = [maintainIdentityLease({ ...to, hostname: hostname(), held }, signal)]
  if (settings.etcd && settings.keepsEndpoints)
    leaves.push(
      maintainEndpointLease({ ...to, ...to.server, address: reachableAddress(settings), port }, signal),
    )
  for (const name of [...flowHooks, ...identityHooks]) hooks.finished(name)
  return async () => {
    await Promise.all(leaves.map(leave => leave()))
  }
}

type GateParts = Pick<SecuritySetup, 'sources' | 'tracing'> & {
  readonly ownTransport: () => Transport
  readonly pki: () => Pki
}

/** Who is calling, who may do what, and what may be written, as the flags say. */
async function openSecurity(
  settings: ServerSettings,
  ports: Ports,
  parts: GateParts,
  signal: AbortSignal,
): Promise<{ readonly security: Security; readonly outside: OutsideAuthentication }> {
  const serviceAccounts = await openServiceAccounts(settings.serviceAccounts, parts.pki(), ports, signal)
  const outside = await openOutsideAuthentication(settings.authentication, serviceAccounts, ports, signal)
  const security = createSecurity({
    ...{ ...ports, ...parts, serviceAccounts },
    issuer: serviceAccounts.issuers[0]!,
    outsideTokens: outside.tokens,
    authorizers: await openAuthorization(settings.authorization, ports, signal),
    admission: await openAdmission(settings.admission, ports, signal),
    externalUrl: `https://${joinHostPort(settings.advertiseAddress, settings.port)}`,
  })
  return { security, outside }
}

/** Upstream's one check for all key management plugins; without any it holds. */
function kmsCheck(store: EncryptedStore) {
  return { name: 'kms-providers', check: () => store.check(), isOfStore: true }
}

function reviewsBy({ authentication, subjectRules }: Security): NonNullable<ApiServerOptions['reviews']> {
  return {
    subjectRules,
    async tokenStatus(token, audiences, context) {
      const verdict = await authentication.reviewToken(token, audiences)
      leaveTrace(context, verdict)
      return tokenReviewStatus(verdict)
    },
  }
}

/** What a cluster has before anybody may ask for anything. */
async function prepareCluster(
  transport: Transport,
  settings: ServerSettings,
  hooks: PostStartHooks,
  ports: Ports,
): Promise<void> {
  await reconcileBootstrapPolicy(transport, ports, settings.features)
  if (hasMetrics(settings)) await ensure(transport, metricsReaderRole)
  hooks.finished('rbac/bootstrap-roles')
  await ensureBootstrapObjects(transport, {
    // Of several servers each has a lease, and the leases are the endpoints.
    address: settings.keepsEndpoints && !settings.etcd ? reachableAddress(settings) : undefined,
    port: settings.port,
    clusterIp: settings.kubernetesIp,
    nodePort: settings.kubernetesNodePort,
    serviceCidrs: settings.serviceCidrs,
  })
  await ensureLegacyTokenTracking(transport, ports)
  for (const name of bootstrapHooks) hooks.finished(name)
}

/** What ComponentStatuses name, as upstream does. */
const watchedComponents = ['scheduler', 'controller-manager']

/** A part that ends takes the process along: what is not switched off is well. */
function componentsOf({ disabled }: ServerSettings): ComponentChecks {
  const check = (name: string) => (disabled.has(name) ? 'switched off in this server' : undefined)
  return new Map(watchedComponents.map(name => [name, () => check(name)]))
}

function registryOf(settings: ServerSettings) {
  return createRegistry([...settings.resources, ...(hasMetrics(settings) ? resourceMetrics : [])])
}

function hasMetrics({ disabled }: ServerSettings): boolean {
  return !disabled.has('metrics-server')
}

/** Endpoints may not be loopback: pods would meet themselves. Without any network nobody can use this one anyway. */
function reachableAddress({ advertiseAddress, nodeIp, kubernetesIp }: ServerSettings): string {
  return [advertiseAddress, nodeIp].find(address => !/^127\.|^::1$/.test(address)) ?? kubernetesIp
}

/** A client with the server's own rights, for what composition itself writes. */
export function serverClient(plane: ControlPlane) {
  return createClient(plane.as(componentUsers.server))
}

import { hostname } from 'node:os'
import { resourceMetrics } from '../../api/metrics/resource-metrics.ts'
import { createRegistry } from '../../api/registry.ts'
import type { Catalog } from '../../client/catalog.ts'
import { createClient } from '../../client/client.ts'
import type { Transport } from '../../client/transport.ts'
import { optionalRights } from '../../controllers/optional.ts'
import { furtherClaims } from '../../server/authn/front-proxy.ts'
import { componentUsers, controllerUser, programOf } from '../../server/authn/identity.ts'
import type { OutsideAuthentication } from '../../server/authn/jwt/outside-tokens.ts'
import { type ClusterSetup, startCluster } from '../../server/bootstrap/cluster.ts'
import type { CacheSources } from '../../server/cache-sources.ts'
import type { ComponentChecks } from '../../server/component-status.ts'
import type { UserInfo } from '../../server/context.ts'
import type { Egress } from '../../server/egress/dial.ts'
import type { EncryptedStore } from '../../server/encryption/encrypted-store.ts'
import type { Routes } from '../../server/http/routes.ts'
import { openServer, type ServerSetup } from '../../server/open-server.ts'
import type { Pki } from '../../server/pki/pki.ts'
import { pkiRenewal } from '../../server/pki/renewal.ts'
import type { Security } from '../../server/security.ts'
import type { ApiServer, ApiServerOptions } from '../../server/server.ts'
import { createClusterHooks } from '../../server/start-hooks.ts'
import type { Tracing } from '../../server/tracing/tracing.ts'
import { joinHostPort } from '../../std/host-port.ts'
import type { Ports, Runnable } from '../../std/ports.ts'
import { openAdmission } from './admission.ts'
import { openAuditing } from './auditing.ts'
import { openOutsideAuthentication } from './authentication.ts'
import { openAuthorization } from './authorization.ts'
import { openEgress } from './egress.ts'
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
import { openTokenFile } from './token-file.ts'
import { openTraces } from './tracing.ts'
import { openTrust } from './trust.ts'
import { createVastJudge } from './vast-judge.ts'
import { openWaysOut } from './ways-out.ts'

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
  const egress = openEgress(settings, ports)
  const shared = await shareSecrets(settings, ports, egress?.etcd)
  const pki = await openPki(settings, ports)
  const store = await openStore(settings, ports, egress?.etcd)
  const stop = new AbortController()
  try {
    const sealed = await openEncryption(store, settings, ports, stop.signal)
    await shared.publish()
    const plane = await buildServer(settings, ports, pki, {
      ...{ store: sealed, stop, egress },
      tracing: await openTraces(settings, ports, egress?.controlplane),
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

interface Opened {
  readonly store: EncryptedStore
  readonly stop: AbortController
  readonly egress: Egress | undefined
  readonly tracing: Tracing | undefined
}

async function buildServer(
  settings: ServerSettings,
  ports: Ports,
  pki: Pki,
  { store, stop, egress, tracing }: Opened,
): Promise<ControlPlane> {
  const { own, trusted, frontProxy, onChange, renew } = await openTrust(settings, pki, ports, stop.signal)
  const { gates, outside } = await openGates(settings, { ports, egress }, trusted, stop.signal)
  const registry = registryOf(settings)
  const audit = await openAuditing(settings.auditing, { ports, dial: egress?.controlplane }, stop.signal)
  const hooks = createClusterHooks()
  const parts: ServerSetup = {
    ...{ ports, store, registry, tracing, gates },
    ...switchedParts(settings, ports),
    allowsAnonymous: outside.allowsAnonymous,
    ...(audit && { auditing: audit.auditing }),
    advertise: joinHostPort(settings.externalHost, settings.port),
    components: componentsOf(settings),
    checks: [...hooks.checks, kmsCheck(store)],
    ...settings.pace,
    browsers: settings.browsers,
    serviceNetwork: { cidrs: settings.serviceCidrs, nodePorts: settings.nodePorts },
    ...(await openWaysOut(settings, trusted, { ports, egress }, stop.signal)),
    frontProxy,
    onFrontProxyChanged: onChange,
    isProxyClaim: furtherClaims(settings.frontProxy.rules),
    mount: (routes, sources) => mountPages(routes, settings, pki, sources),
  }
  const { server, security, sources } = await openServer(parts, stop.signal)
  const as = (user: UserInfo): Transport => server.inProcess(user, programOf(user))
  const cluster = { ...clusterOf(settings), ...{ server, sources, ports, registry } }
  const transport = as(componentUsers.server)
  const leave = await startCluster({ ...cluster, transport }, hooks, stop.signal)
  return {
    server,
    get pki() {
      return own()
    },
    trusted,
    onRenewed: onChange,
    onClose: run => stop.signal.addEventListener('abort', run, { once: true }),
    renewal: pkiRenewal(pkiSpec(settings), pki, renew),
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
function mountPages(routes: Routes, settings: ServerSettings, pki: Pki, sources: CacheSources): void {
  mountJoining(routes, settings, pki)
  if (!settings.disabled.has('scheduler')) mountPodResources(routes, sources)
}

type Switched = Pick<
  ApiServerOptions,
  'servesCbor' | 'constrainsImpersonation' | 'profiler' | 'longYaml' | 'vastJudge'
>

/** What flags and gates switch on and off, and what only a real process has. */
function switchedParts({ features, profiling }: ServerSettings, { clock }: Ports): Switched {
  return {
    servesCbor: features.enabled('CBORServingAndStorage'),
    constrainsImpersonation: features.enabled('ConstrainedImpersonation'),
    profiler: profiling ? processProfiler(clock) : undefined,
    longYaml: createLongYaml(clock),
    vastJudge: createVastJudge(clock, features),
  }
}

/** Who is calling, who may do what, and what may be written, as the flags say. */
async function openGates(
  settings: ServerSettings,
  { ports, egress }: { readonly ports: Ports; readonly egress: Egress | undefined },
  pki: () => Pki,
  signal: AbortSignal,
): Promise<{ readonly gates: ServerSetup['gates']; readonly outside: OutsideAuthentication }> {
  const serviceAccounts = await openServiceAccounts(settings.serviceAccounts, pki(), ports, signal)
  const base = { own: serviceAccounts, egress, ports }
  const outside = await openOutsideAuthentication(settings.authentication, base, signal)
  const dial = egress?.controlplane
  const gates = {
    ...{ pki, serviceAccounts },
    requestHeaders: settings.frontProxy.rules,
    issuer: serviceAccounts.issuers[0]!,
    fileTokens: openTokenFile(settings.authentication.tokenFile, serviceAccounts.audiences, ports),
    outsideTokens: outside.tokens,
    authorizers: await openAuthorization(settings.authorization, { ports, dial }, signal),
    admission: await openAdmission(settings.admission, ports, signal),
    externalUrl: `https://${joinHostPort(settings.externalHost, settings.port)}`,
  }
  return { gates, outside }
}

/** Upstream's one check for all key management plugins; without any it holds. */
function kmsCheck(store: EncryptedStore) {
  return { name: 'kms-providers', check: () => store.check(), isOfStore: true }
}

function clusterOf(settings: ServerSettings) {
  const { features, nodePorts, port, kubernetesIp, kubernetesNodePort, serviceCidrs } = settings
  return {
    ...{ features, nodePorts, hostname: hostname(), hasMetrics: hasMetrics(settings) },
    accounts: optionalRights(settings.controllerTuning),
    endpoints: endpointsOf(settings),
    advertised: {
      address: reachableAddress(settings),
      ...{ port, serviceCidrs, clusterIp: kubernetesIp, nodePort: kubernetesNodePort },
    },
  }
}

function endpointsOf({ endpointKeepers, etcd }: ServerSettings): ClusterSetup['endpoints'] {
  if (endpointKeepers !== 'lease') return endpointKeepers
  return etcd ? 'many' : 'one'
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

import { join } from 'node:path'
import type { Resource } from '../../api/define.ts'
import type { Features } from '../../api/features/features.ts'
import type { ControllerTuning } from '../../controllers/tuning.ts'
import type { BrowserRules } from '../../server/http/browsers.ts'
import { portRange } from '../operations-flags.ts'
import type { FlagReader } from '../server-flags.ts'
import { addressIn, nodeAddress } from './addresses.ts'
import { type AdmissionSource, admissionSource } from './admission.ts'
import { type AuditSource, auditSource } from './auditing.ts'
import { type AuthenticationSource, authenticationSource } from './authentication.ts'
import { type AuthorizationSource, authorizationSource } from './authorization.ts'
import { controllerTuning } from './controller-tuning.ts'
import { type EtcdSource, etcdSource } from './datastore.ts'
import { chosenFeatures, chosenResources } from './features.ts'
import { type FrontProxySource, frontProxySource } from './front-proxy.ts'
import { type KubeletSource, kubeletSource } from './kubelet-access.ts'
import { type Pace, paceOf } from './pace.ts'
import { type ServiceAccountSource, serviceAccountSource } from './service-accounts.ts'
import { type ServingSource, servingSource } from './serving.ts'

/** Everything that flags decide, with addresses and paths worked out. */
export interface ServerSettings {
  readonly dataDir: string
  readonly databasePath: string
  readonly nodeName: string
  readonly nodeIp: string
  /** This machine has no address of its own, so it is given `nodeIp`. */
  readonly isOffline: boolean
  readonly advertiseAddress: string
  /** What clients are told to ask for. */
  readonly externalHost: string
  readonly bindAddress: string
  readonly port: number
  readonly tlsSans: readonly string[]
  readonly kubeconfigPath: string
  /** What `--token` says: the secret that agents join with, and that servers share their keys by. */
  readonly joinToken: string | undefined
  readonly inMemory: boolean
  /** The etcd that keeps the objects, which other servers may share. */
  readonly etcd: EtcdSource | undefined
  /** Who keeps the endpoints of the Service `kubernetes`: every server that lives, nobody of these, or this many servers. */
  readonly endpointKeepers: 'lease' | 'none' | number
  /** The primary ones, and all of them: one or two. */
  readonly clusterCidr: string
  readonly clusterCidrs: readonly string[]
  readonly serviceCidr: string
  readonly serviceCidrs: readonly string[]
  readonly kubernetesIp: string
  readonly clusterDns: string
  readonly clusterDomain: string
  readonly disabled: ReadonlySet<string>
  readonly simulatedNodes: number
  readonly runsPods: boolean
  readonly serviceAccounts: ServiceAccountSource
  readonly authentication: AuthenticationSource
  readonly authorization: AuthorizationSource
  readonly admission: AdmissionSource
  readonly features: Features
  readonly controllerTuning: ControllerTuning
  /** Built-in kinds that are served. */
  readonly resources: readonly Resource[]
  readonly serving: ServingSource
  /** Of authorities whose client certificates count beside the cluster's own. */
  readonly clientCaFile: string | undefined
  readonly frontProxy: FrontProxySource
  readonly auditing: AuditSource
  readonly encryptionConfig: string | undefined
  readonly egressConfig: string | undefined
  readonly tracingConfig: string | undefined
  readonly profiling: boolean
  readonly browsers: BrowserRules
  readonly kubelets: KubeletSource
  /** Of the Service `kubernetes`; 0: none. */
  readonly kubernetesNodePort: number
  /** Both inclusive. */
  readonly nodePorts: readonly [number, number]
  readonly pace: Pace
}

export function serverSettings(flags: FlagReader): ServerSettings {
  const dataDir = flags.text('data-dir')
  const simulatedNodes = flags.integer('simulated-node')
  const runsPods = !flags.yes('disable-agent') && simulatedNodes === 0
  const found = flags.optional('node-ip') ?? nodeAddress()
  const serviceCidrs = (flags.optional('service-cluster-ip-range') ?? flags.text('service-cidr')).split(',')
  const [serviceCidr = ''] = serviceCidrs
  const clusterCidrs = flags.text('cluster-cidr').split(',')
  const clusterDomain = flags.text('cluster-domain')
  // Nothing may stand at a loopback address behind a service: the gateway of the first node's pods is as good.
  const nodeIp = found ?? (runsPods ? addressIn(clusterCidrs[0]!, 1) : '127.0.0.1')
  const advertiseAddress = flags.optional('advertise-address') ?? nodeIp
  return {
    dataDir,
    databasePath: join(dataDir, 'server/db/state.db'),
    nodeName: flags.text('node-name'),
    nodeIp,
    isOffline: found === undefined,
    advertiseAddress,
    bindAddress: flags.text('bind-address'),
    externalHost: flags.optional('external-hostname') ?? advertiseAddress,
    port: flags.integer('secure-port') || flags.integer('https-listen-port'),
    tlsSans: flags.list('tls-san'),
    kubeconfigPath: flags.text('write-kubeconfig'),
    inMemory: flags.text('datastore-endpoint') === 'memory',
    joinToken: flags.optional('token'),
    etcd: etcdSource(flags),
    endpointKeepers: endpointKeepers(flags),
    clusterCidr: clusterCidrs[0]!,
    clusterCidrs,
    serviceCidr,
    serviceCidrs,
    kubernetesIp: addressIn(serviceCidr, 1),
    clusterDns: flags.optional('cluster-dns') ?? addressIn(serviceCidr, 10),
    clusterDomain,
    disabled: new Set(flags.list('disable')),
    simulatedNodes,
    runsPods,
    pace: paceOf(flags),
    serving: servingSource(flags),
    clientCaFile: flags.optional('client-ca-file'),
    frontProxy: frontProxySource(flags),
    auditing: auditSource(flags),
    encryptionConfig: flags.optional('encryption-provider-config'),
    egressConfig: flags.optional('egress-selector-config-file'),
    tracingConfig: flags.optional('tracing-config-file'),
    profiling: flags.yes('profiling'),
    kubelets: kubeletSource(flags),
    kubernetesNodePort: flags.integer('kubernetes-service-node-port'),
    browsers: {
      allowedOrigins: flags.list('cors-allowed-origins'),
      transportSecurity: flags.list('strict-transport-security-directives'),
    },
    nodePorts: portRange(flags.text('service-node-port-range')),
    authentication: authenticationSource(flags),
    authorization: authorizationSource(flags),
    admission: admissionSource(flags),
    features: chosenFeatures(flags),
    controllerTuning: controllerTuning(flags),
    resources: chosenResources(flags),
    serviceAccounts: serviceAccountSource(flags, clusterDomain),
  }
}

function endpointKeepers(flags: FlagReader): ServerSettings['endpointKeepers'] {
  const type = flags.text('endpoint-reconciler-type')
  if (type === 'master-count') return flags.integer('apiserver-count')
  return type === 'none' ? 'none' : 'lease'
}

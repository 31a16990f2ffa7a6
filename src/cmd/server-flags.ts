import { hostname } from 'node:os'
import { parseJoinToken } from '../server/bootstrap/join-token.ts'
import { admissionFlags } from './admission-flags.ts'
import { auditFlags } from './audit-flags.ts'
import { authenticationFlags, authorizationFlags, serviceAccountFlags } from './authentication-flags.ts'
import { componentFlags } from './component-arguments.ts'
import { datastoreFlags } from './datastore-flags.ts'
import { featureFlags } from './feature-flags.ts'
import {
  checkAddress,
  checkCertificateNames,
  checkDomain,
  checkLabels,
  checkNodeName,
  checkPodRanges,
  checkPort,
  checkServiceRanges,
  checkTaints,
  hostAndPort,
  serverOrigin,
} from './flag-checks.ts'
import type { Flag, FlagValues } from './flags.ts'
import { frontProxyFlags } from './front-proxy-flags.ts'
import { metricsFlags } from './metrics-flags.ts'
import { operationsFlags } from './operations-flags.ts'
import { servingFlags } from './serving-flags.ts'
import { settledFlags } from './settled-flags.ts'

const disableable = ['dns', 'proxy', 'scheduler', 'controller-manager', 'metrics-server']
const oneOf = (names: readonly string[]) => (text: string) => {
  const wrong = text.split(',').find(name => !names.includes(name))
  if (wrong !== undefined) throw new Error(`"${wrong}" cannot be disabled; choose from ${names.join(', ')}`)
}

/** This machine's name as a node may have it. */
function ownName(): string {
  const name = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, '-')
  return name.replaceAll(/^[-.]+|[-.]+$/g, '') || 'node'
}

const configFlag: Flag = {
  name: 'config',
  type: 'string',
  placeholder: 'FILE',
  default: '/etc/hutch/config.yaml',
  help: 'read flags from this YAML file, and from FILE.d/*.yaml',
  isForArgumentsAlone: true,
}
const logFlag: Flag = {
  name: 'log-level',
  type: 'string',
  placeholder: 'LEVEL',
  default: 'info',
  help: 'debug, info, warn or error',
  check: text => {
    if (!/^(debug|info|warn|error)$/.test(text))
      throw new Error(`"${text}" is not debug, info, warn or error`)
  },
}

/** Flags of whatever runs pods: `server` without --disable-agent, and `agent`. */
export const nodeFlags: readonly Flag[] = [
  {
    name: 'data-dir',
    type: 'string',
    placeholder: 'DIR',
    default: '/var/lib/hutch',
    help: 'state of the cluster and the node',
  },
  {
    name: 'node-name',
    type: 'string',
    placeholder: 'NAME',
    default: ownName(),
    help: 'name of this node',
    check: checkNodeName,
  },
  {
    name: 'node-ip',
    type: 'string',
    placeholder: 'IP',
    help: 'address that other nodes reach this one at (default: of the default route)',
    check: checkAddress,
  },
  {
    name: 'node-label',
    type: 'list',
    placeholder: 'KEY=VALUE',
    help: 'label of this node; repeatable',
    check: checkLabels,
  },
  {
    name: 'node-taint',
    type: 'list',
    placeholder: 'KEY=VALUE:EFFECT',
    help: 'taint of this node; repeatable',
    check: checkTaints,
  },
  {
    name: 'kubelet-port',
    type: 'integer',
    placeholder: 'PORT',
    default: 10250,
    help: "port of the kubelet's API",
    check: checkPort,
  },
  {
    name: 'proxy-metrics-bind-address',
    type: 'string',
    placeholder: 'ADDRESS:PORT',
    default: '127.0.0.1:10249',
    help: 'where the service proxy tells its metrics, to whoever asks; "none": nowhere',
    check(text) {
      if (text !== 'none') hostAndPort(text)
    },
  },
  {
    name: 'podman-socket',
    type: 'string',
    placeholder: 'PATH',
    help: 'use this Podman service instead of one of our own',
  },
  {
    name: 'podman-arg',
    type: 'list',
    placeholder: 'ARG',
    help: 'argument of Podman before its command, such as --root=DIR; repeatable',
  },
]

/** Every flag of `hutch server`; names and meanings are k3s's where k3s has them. */
export const serverFlags: readonly Flag[] = [
  configFlag,
  ...nodeFlags,
  {
    name: 'bind-address',
    type: 'string',
    placeholder: 'IP',
    default: '0.0.0.0',
    help: 'address to listen on',
    check: checkAddress,
  },
  {
    name: 'https-listen-port',
    type: 'integer',
    placeholder: 'PORT',
    default: 6443,
    help: 'port of the API',
    check: checkPort,
  },
  {
    name: 'secure-port',
    type: 'integer',
    placeholder: 'PORT',
    help: "kube-apiserver's name for --https-listen-port",
    check: checkPort,
  },
  {
    name: 'external-hostname',
    type: 'string',
    placeholder: 'NAME',
    help: 'name or address that discovery and OpenID documents give of the server (default: advertise-address)',
    check: checkCertificateNames,
  },
  {
    name: 'advertise-address',
    type: 'string',
    placeholder: 'IP',
    help: 'address that pods and nodes reach the API at (default: node-ip)',
    check: checkAddress,
  },
  {
    name: 'tls-san',
    type: 'list',
    placeholder: 'NAME',
    help: "further name or address in the server's certificate; repeatable",
    check: checkCertificateNames,
  },
  {
    name: 'write-kubeconfig',
    type: 'string',
    placeholder: 'FILE',
    default: '/etc/hutch/hutch.yaml',
    help: "write the administrator's kubeconfig here, mode 0600",
  },
  {
    name: 'token',
    type: 'string',
    placeholder: 'TOKEN',
    help: 'shared secret ID.SECRET that agents join with (default: made at first start)',
    check: text => void parseJoinToken(text),
  },
  ...datastoreFlags,
  {
    name: 'cluster-cidr',
    type: 'string',
    placeholder: 'CIDR[,CIDR]',
    default: '10.42.0.0/16',
    help: 'addresses of pods; a second range is IPv6',
    check: checkPodRanges,
  },
  {
    name: 'service-cidr',
    type: 'string',
    placeholder: 'CIDR[,CIDR]',
    default: '10.43.0.0/16',
    help: 'addresses of services; a second range is IPv6',
    check: checkServiceRanges,
  },
  {
    name: 'service-cluster-ip-range',
    type: 'string',
    placeholder: 'CIDR[,CIDR]',
    help: "kube-apiserver's name for --service-cidr",
    check: checkServiceRanges,
  },
  {
    name: 'cluster-dns',
    type: 'string',
    placeholder: 'IP',
    help: 'address of the cluster DNS (default: the tenth of service-cidr)',
    check: checkAddress,
  },
  {
    name: 'cluster-domain',
    type: 'string',
    placeholder: 'DOMAIN',
    default: 'cluster.local',
    help: 'domain of services',
    check: checkDomain,
  },
  {
    name: 'disable',
    type: 'list',
    placeholder: 'PART',
    help: `do not run: ${disableable.join(', ')}; repeatable`,
    check: oneOf(disableable),
  },
  { name: 'disable-agent', type: 'boolean', help: 'run no pods on this machine' },
  {
    name: 'simulated-node',
    type: 'integer',
    placeholder: 'N',
    default: 0,
    help: 'run N hollow nodes with a simulated runtime instead of Podman',
  },
  {
    name: 'scheduler-config',
    type: 'string',
    placeholder: 'FILE',
    help: 'read the profiles of the scheduler from a KubeSchedulerConfiguration',
  },
  {
    name: 'scheduler-plugin',
    type: 'list',
    placeholder: 'FILE',
    help: 'load a scheduler plugin from a WASM component; repeatable',
  },
  ...servingFlags,
  ...operationsFlags,
  ...auditFlags,
  ...metricsFlags,
  ...authenticationFlags,
  ...frontProxyFlags,
  ...serviceAccountFlags,
  ...authorizationFlags,
  ...admissionFlags,
  ...featureFlags,
  ...componentFlags,
  ...settledFlags,
  logFlag,
]

/** Every flag of `hutch agent`. */
export const agentFlags: readonly Flag[] = [
  configFlag,
  ...nodeFlags,
  {
    name: 'server',
    type: 'string',
    placeholder: 'URL',
    help: 'https://ADDRESS:6443 of the server to join',
    check: text => void serverOrigin(text),
  },
  {
    name: 'token',
    type: 'string',
    placeholder: 'TOKEN',
    help: 'what "hutch token create" printed on the server; not needed by a node that has joined before',
    check: text => void parseJoinToken(text),
  },
  { name: 'disable', type: 'list', placeholder: 'PART', help: 'do not run: proxy', check: oneOf(['proxy']) },
  logFlag,
]

/** The typed view of parsed flags; a wrong type here is a wrong table above. */
export function flagReader(values: FlagValues) {
  return {
    text: (name: string): string => String(values[name] ?? ''),
    optional: (name: string): string | undefined =>
      values[name] === undefined ? undefined : String(values[name]),
    integer: (name: string): number => Number(values[name] ?? 0),
    yes: (name: string): boolean => values[name] === true,
    list: (name: string): readonly string[] => (Array.isArray(values[name]) ? values[name] : []),
  }
}

export type FlagReader = ReturnType<typeof flagReader>

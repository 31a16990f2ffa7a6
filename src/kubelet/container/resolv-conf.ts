import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { KubeletConfig } from '../config.ts'

export interface ResolverConfig {
  readonly nameservers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly string[]
}

/** Upstream pkg/apis/core/validation: what glibc and musl take. */
const nameserversMax = 3

/** A pod's resolver settings from its dnsPolicy and dnsConfig (upstream pkg/kubelet/network/dns). */
export function resolverConfig(pod: Pod, config: KubeletConfig, host: ResolverConfig): ResolverConfig {
  const base = policyConfig(pod, config, host)
  const { nameservers = [], searches = [], options = [] } = pod.spec?.dnsConfig ?? {}
  const own = options.map(({ name = '', value }) => (value === undefined ? name : `${name}:${value}`))
  const overridden = new Set(options.map(({ name }) => name))
  return {
    nameservers: unique([...base.nameservers, ...nameservers]).slice(0, nameserversMax),
    searches: unique([...base.searches, ...searches]),
    options: [...base.options.filter(option => !overridden.has(option.split(':')[0])), ...own],
  }
}

function policyConfig(
  pod: Pod,
  { clusterDns, clusterDomain }: KubeletConfig,
  host: ResolverConfig,
): ResolverConfig {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst'
  if (policy === 'None') return { nameservers: [], searches: [], options: [] }
  const cluster =
    policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !pod.spec?.hostNetwork)
  if (!cluster || clusterDns.length === 0) return host
  const domains = [`${pod.metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain]
  return { nameservers: clusterDns, searches: unique([...domains, ...host.searches]), options: ['ndots:5'] }
}

export function parseResolvConf(text: string): ResolverConfig {
  const values = (word: string) =>
    text.split('\n').flatMap(line => {
      const [first, ...rest] = line.trim().split(/\s+/)
      return first === word ? [rest] : []
    })
  return {
    nameservers: values('nameserver').map(([address]) => address ?? ''),
    searches:
      values('search')
        .at(-1)
        ?.filter(domain => domain !== '.') ?? [],
    options: values('options').flat(),
  }
}

export function formatResolvConf({ nameservers, searches, options }: ResolverConfig): string {
  const lines = [
    searches.length > 0 ? `search ${searches.join(' ')}` : '',
    ...nameservers.map(address => `nameserver ${address}`),
  ]
  if (options.length > 0) lines.push(`options ${options.join(' ')}`)
  return `${lines.filter(line => line !== '').join('\n')}\n`
}

/** A pod's /etc/hosts (upstream kubelet_pods.go managedHostsFileContent). */
export function hostsFile(
  pod: Pod,
  ips: readonly string[],
  names: { readonly hostname: string; readonly domain: string | undefined },
): string {
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...ips.map(ip =>
      names.domain
        ? `${ip}\t${names.hostname}.${names.domain}\t${names.hostname}`
        : `${ip}\t${names.hostname}`,
    ),
  ]
  return `${lines.join('\n')}\n${hostAliases(pod)}`
}

/** What is added to the host's own file for pods on its network. */
export function hostAliases(pod: Pod): string {
  const aliases = pod.spec?.hostAliases ?? []
  if (aliases.length === 0) return ''
  const lines = aliases.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}`)
  return `\n# Entries added by HostAliases.\n${lines.join('\n')}\n`
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)]
}

import type { ContainerPort, Pod } from '../../api/types/core-v1.gen.ts'
import { type AddressBook, openAddressBook } from './address-book.ts'
import type { PodAddresses, PodNetwork, SandboxNamespace } from './port.ts'
import type { NetworkShell } from './shell.ts'

export interface BridgeOptions {
  readonly shell: NetworkShell
  /** Where the addresses in use are remembered. */
  readonly directory: string
  readonly clusterCidr: string
  readonly serviceCidr: string
}

/** A pod network on a bridge of our own; it starts when the node has been given its range. */
export interface BridgeNetwork extends PodNetwork {
  /** Sets up bridge, forwarding and address translation for this range. Doing it again changes nothing. */
  open(podCidr: string): Promise<void>
}

const bridge = 'hutch0'
const table = 'ip hutch-pods'

/** A port at one address before a port at all of them. */
const hostPortRules = [
  'ip daddr . meta l4proto . th dport map @host-ports-at',
  'meta l4proto . th dport map @host-ports',
]
  .map(target => `fib daddr type local dnat ip to ${target}`)
  .join('\n    ')

/**
 * Pods hang on the bridge by a veth pair and reach each other directly, other nodes by routes, the outside with the
 * node's address. Nothing of Podman's own networking is used, so a firewall reload there cannot cut a pod off.
 */
export function createBridgeNetwork(options: BridgeOptions): BridgeNetwork {
  const { shell, directory } = options
  const hostPorts: HostPorts = new Map()
  let book: AddressBook | undefined
  let openCidr: string | undefined
  return {
    async open(podCidr) {
      if (podCidr === openCidr) return
      book = openAddressBook(directory, podCidr)
      await openBridge(options, book.gateway, podCidr)
      openCidr = podCidr
    },
    notReady: () => (openCidr ? undefined : 'the node has no pod CIDR yet'),
    async setup(sandbox, pod) {
      if (!book || !openCidr) throw new Error('the node has no pod CIDR yet')
      if (!sandbox.path || sandbox.pid === undefined)
        throw new Error(`sandbox ${sandbox.sandboxId} has no network namespace`)
      const ip = book.take(sandbox.sandboxId)
      await attach(shell, sandbox, `${ip}/${openCidr.split('/')[1]}`, book.gateway)
      await setHostPorts(shell, hostPorts, pod, ip)
      return { ips: [ip] }
    },
    async teardown(sandbox) {
      const ip = book?.of(sandbox.sandboxId)
      if (!ip) return
      await dropHostPorts(shell, hostPorts, sandbox.podUid)
      await shell.ip([`link delete ${vethName(sandbox)}`]).catch(ignoreMissing)
      book?.give(sandbox.sandboxId)
    },
    addresses: async sandboxId => toAddresses(book?.of(sandboxId)),
  }
}

function toAddresses(ip: string | undefined): PodAddresses | undefined {
  return ip === undefined ? undefined : { ips: [ip] }
}

async function openBridge(
  { shell, clusterCidr, serviceCidr }: BridgeOptions,
  gateway: string,
  podCidr: string,
): Promise<void> {
  await shell.ip([`link add ${bridge} type bridge`]).catch(ignoreExisting)
  await shell.ip([
    `address replace ${gateway}/${podCidr.split('/')[1]} dev ${bridge}`,
    `link set ${bridge} up`,
    // The node's own packets to services need a way out before they are redirected.
    `route replace ${serviceCidr} dev ${bridge} src ${gateway}`,
  ])
  await shell.sysctl('net.ipv4.ip_forward', '1')
  // Host ports answer on 127.0.0.1 too; pods are kept from the node's own loopback below.
  await shell.sysctl(`net.ipv4.conf.${bridge}.route_localnet`, '1')
  await shell.nft(`add table ${table}
delete table ${table}
table ${table} {
  map host-ports { type inet_proto . inet_service : ipv4_addr . inet_service; }
  map host-ports-at { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
  chain loopback { type filter hook prerouting priority raw; policy accept;
    iifname ${bridge} ip daddr 127.0.0.0/8 drop
  }
  chain prerouting { type nat hook prerouting priority dstnat - 1; policy accept;
    ${hostPortRules}
  }
  chain output { type nat hook output priority -101; policy accept;
    ${hostPortRules}
  }
  chain postrouting { type nat hook postrouting priority srcnat + 1; policy accept;
    oifname ${bridge} ip saddr 127.0.0.0/8 masquerade
    ip saddr ${podCidr} ip daddr != { ${clusterCidr}, 224.0.0.0/4 } masquerade
  }
}
`)
}

/** A pair of virtual links: `eth0` in the sandbox, the other end on the bridge. Repeating it is harmless. */
async function attach(
  shell: NetworkShell,
  sandbox: SandboxNamespace,
  address: string,
  gateway: string,
): Promise<void> {
  const veth = vethName(sandbox)
  await shell.ip([`link add ${veth} type veth peer name eth0 netns ${sandbox.pid}`]).catch(ignoreExisting)
  await shell.ip([`link set ${veth} master ${bridge} up`, `link set ${veth} type bridge_slave hairpin on`])
  await shell.ipIn(sandbox.path!, [
    'link set lo up',
    'link set eth0 up',
    `address replace ${address} dev eth0`,
    `route replace default via ${gateway}`,
  ])
}

/** At most 15 characters, as Linux has it; the same for the same sandbox. */
function vethName(sandbox: SandboxNamespace): string {
  return `hu${Bun.hash(sandbox.sandboxId).toString(36).slice(0, 12)}`
}

interface HostPort {
  readonly map: 'host-ports' | 'host-ports-at'
  readonly key: string
}

/** Map elements by pod uid. */
type HostPorts = Map<string, readonly HostPort[]>

async function setHostPorts(shell: NetworkShell, taken: HostPorts, pod: Pod, ip: string): Promise<void> {
  const ports = (pod.spec?.containers ?? [])
    .flatMap(container => container.ports ?? [])
    .filter(port => port.hostPort)
  if (ports.length === 0) return
  const set = ports.map(port => ({ ...hostPortOf(port), target: `${ip} . ${port.containerPort}` }))
  taken.set(pod.metadata.uid ?? '', set)
  await shell.nft(
    set.map(({ map, key, target }) => `add element ${table} ${map} { ${key} : ${target} }\n`).join(''),
  )
}

function hostPortOf({ protocol = 'TCP', hostPort, hostIP }: ContainerPort): HostPort {
  const key = `${protocol.toLowerCase()} . ${hostPort}`
  if (!hostIP || hostIP === '0.0.0.0') return { map: 'host-ports', key }
  return { map: 'host-ports-at', key: `${hostIP} . ${key}` }
}

async function dropHostPorts(shell: NetworkShell, taken: HostPorts, podUid: string): Promise<void> {
  const set = taken.get(podUid)
  if (!set) return
  taken.delete(podUid)
  await shell.nft(set.map(({ map, key }) => `delete element ${table} ${map} { ${key} }\n`).join(''))
}

function ignoreExisting(error: unknown): void {
  if (!/File exists/.test(String(error))) throw error
}

function ignoreMissing(error: unknown): void {
  if (!/Cannot find device/.test(String(error))) throw error
}

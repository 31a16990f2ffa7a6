import type { Ports } from '../../std/ports.ts'
import { UserError } from '../user-error.ts'
import type { ServerSettings } from './settings.ts'

/** What a machine that runs pods must have, and the Debian package that brings it. */
const programs: readonly (readonly [program: string, debianPackage: string])[] = [
  ['podman', 'podman'],
  ['nft', 'nftables'],
  ['ip', 'iproute2'],
  ['nsenter', 'util-linux'],
]

/** Before this the clock has not been set: a board without a battery starts in 1970. */
const plausibleMs = Date.UTC(2024, 0, 1)

/**
 * Looks at the machine before anything is written: rights, programs, the kernel's packet filter. Throws a `UserError`
 * with what to install or do.
 */
export function preflight(): void {
  const instead = 'or try "--simulated-node 1" with a --data-dir of your own.'
  if (process.getuid?.() !== 0) throw new UserError('running pods needs root', `Run it with sudo, ${instead}`)
  const missing = programs.filter(([program]) => !Bun.which(program))
  if (missing.length > 0) {
    const names = missing.map(([program]) => program).join(', ')
    const packages = missing.map(([, debianPackage]) => debianPackage).join(' ')
    throw new UserError(`not installed: ${names}`, `Run "apt-get install ${packages}", ${instead}`)
  }
  const filter = Bun.spawnSync(['nft', 'list', 'tables'], { stderr: 'pipe' })
  if (filter.exitCode !== 0) {
    const words = filter.stderr.toString().trim().split('\n')[0]
    throw new UserError(
      `the kernel's packet filter does not answer: ${words}`,
      'Run "modprobe nf_tables", or boot a kernel that has it.',
    )
  }
}

/** Says when the clock was never set: nothing depends on it but ages and what expires, certificates hold all the same. */
export function warnOfClock({ clock, log }: Pick<Ports, 'clock' | 'log'>): void {
  if (clock.nowMs() >= plausibleMs) return
  log.warn('the clock has not been set: set it, or let NTP set it; certificates hold all the same', {
    clock: new Date(clock.nowMs()).toISOString(),
  })
}

/** Gives a machine without any network an address that is not loopback: a cluster of its own needs no more. */
export function requireAddress({ nodeIp, isOffline }: ServerSettings, { log }: Ports): void {
  if (!isOffline) return
  const ip = Bun.spawnSync(['ip', '-batch', '-'], {
    stdin: Buffer.from(`address replace ${nodeIp}/32 dev lo\nlink set lo up\n`),
    stderr: 'pipe',
  })
  if (ip.exitCode !== 0)
    throw new UserError(
      `no network, and no address of our own: ${ip.stderr.toString().trim()}`,
      'Give --node-ip.',
    )
  log.warn('there is no network: this machine is a cluster of its own; start again once there is', {
    address: nodeIp,
  })
}

/**
 * Pods and services of a real node have IPv4 addresses alone, so two ranges are refused there (`UserError`) rather than
 * half served.
 */
export function requireOneFamily(settings: ServerSettings): void {
  if (!settings.runsPods || secondRanges(settings).length === 0) return
  throw new UserError(
    'this node carries IPv4 alone: --cluster-cidr and --service-cidr take one range each here',
    'Leave out the IPv6 range, or run the server with --disable-agent or --simulated-node.',
    2,
  )
}

/** The same for a node that joins: the cluster would give its pods and services addresses that they cannot have here. */
export function requireClusterOfOneFamily(server: string, cluster: Ranges): void {
  const more = secondRanges(cluster)
  if (more.length === 0) return
  throw new UserError(
    `this node carries IPv4 alone, and the cluster of ${server} has ${more.join(' and ')} too`,
    'Start its server with one --cluster-cidr and one --service-cidr.',
  )
}

type Ranges = Pick<ServerSettings, 'clusterCidrs' | 'serviceCidrs'>

function secondRanges({ clusterCidrs, serviceCidrs }: Ranges): readonly string[] {
  return [...clusterCidrs.slice(1), ...serviceCidrs.slice(1)]
}

/** A failure of the node's parts as a sentence for a person, where there is one. */
export function explained(error: unknown, kubeletPort: number): unknown {
  const { code, message = '' } = error as { code?: string; message?: string }
  if (code === 'EADDRINUSE') {
    return new UserError(
      `port ${kubeletPort} is in use`,
      'Stop what listens there, or choose another with --kubelet-port.',
    )
  }
  return message.startsWith('podman ')
    ? new UserError(message, 'Try "podman info" for what it complains about.')
    : error
}

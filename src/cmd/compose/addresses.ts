import { networkInterfaces } from 'node:os'
import { UserError } from '../user-error.ts'

/** The address that others reach this machine by: of the first interface that is up and not our own; undefined offline. */
export function nodeAddress(): string | undefined {
  const interfaces = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => ({ name, address })),
  )
  const ours = interfaces.filter(({ name }) => !/^(hutch|cni|docker|podman|veth|br-)/.test(name))
  return ours[0]?.address
}

/** The address at `offset` in an IPv4 CIDR: 1 is the `kubernetes` service, 10 the cluster DNS. */
export function addressIn(cidr: string, offset: number): string {
  const [base = '', length = ''] = cidr.split('/')
  const bytes = base.split('.').map(Number)
  if (bytes.length !== 4 || bytes.some(byte => !(byte >= 0 && byte <= 255)) || !(Number(length) <= 30)) {
    throw new UserError(
      `"${cidr}" is not an IPv4 CIDR with room for services`,
      'Check --service-cidr and --cluster-cidr.',
      2,
    )
  }
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0) + offset
  return [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.')
}

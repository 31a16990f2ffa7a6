import { ensurePki, type Pki, PkiError } from '../../server/pki/pki.ts'
import type { PkiSpec } from '../../server/pki/profiles.ts'
import type { Ports } from '../../std/ports.ts'
import { UserError } from '../user-error.ts'
import type { ServerSettings } from './settings.ts'

/** Whose certificates this server keeps, and for which names. */
export function pkiSpec(settings: ServerSettings): PkiSpec {
  const { dataDir, advertiseAddress, tlsSans, kubernetesIp, clusterDomain, nodeName, nodeIp } = settings
  return {
    dataDirectory: dataDir,
    serverNames: [advertiseAddress, ...tlsSans],
    serviceAddresses: [kubernetesIp],
    clusterDomain,
    node: { name: nodeName, addresses: [nodeIp] },
  }
}

/** Reads or makes the certificates. Throws UserError where they cannot be kept or are of no use. */
export async function openPki(settings: ServerSettings, ports: Ports): Promise<Pki> {
  const { dataDir } = settings
  try {
    return await ensurePki(pkiSpec(settings), ports)
  } catch (error) {
    if (error instanceof PkiError) throw new UserError(error.message)
    const { code } = error as { code?: string }
    if (code === undefined) throw error
    throw new UserError(
      `cannot keep certificates in ${dataDir}: ${(error as Error).message}`,
      code === 'ENOSPC' ? 'Free some disk space.' : 'Choose another --data-dir, or run as root.',
    )
  }
}

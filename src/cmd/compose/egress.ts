import { existsSync } from 'node:fs'
import { type EgressName, readEgressConfiguration } from '../../server/egress/configuration.ts'
import type { Egress } from '../../server/egress/dial.ts'
import { dialerOf } from '../../server/egress/dialer.ts'
import type { Ports } from '../../std/ports.ts'
import { UserError } from '../user-error.ts'
import { readConfigured } from './configured-file.ts'
import type { ServerSettings } from './settings.ts'

const flag = 'egress-selector-config-file'

/** The ways of `--egress-selector-config-file`, which is read once, as upstream; undefined without it. */
export function openEgress(
  { egressConfig: path }: Pick<ServerSettings, 'egressConfig'>,
  ports: Ports,
): Egress | undefined {
  if (path === undefined) return undefined
  const text = readConfigured(path, flag)
  try {
    const connections = readEgressConfiguration(text, existsSync)
    const parts = { ...ports, readFile: (file: string) => readConfigured(file, flag) }
    const dialer = (name: EgressName) => {
      const connection = connections.get(name)
      return connection && dialerOf(connection, parts)
    }
    return { cluster: dialer('cluster'), controlplane: dialer('controlplane'), etcd: dialer('etcd') }
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`--${flag}: ${path}: ${(error as Error).message}`)
  }
}

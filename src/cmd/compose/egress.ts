import { existsSync } from 'node:fs'
import { type EgressName, readEgressConfiguration } from '../../server/egress/configuration.ts'
import type { Egress } from '../../server/egress/dial.ts'
import { dialerOf } from '../../server/egress/dialer.ts'
import type { Ports } from '../../std/ports.ts'
import { UserError } from '../user-error.ts'
import { readConfigured } from './configured-file.ts'

const flag = 'egress-selector-config-file'

/** The ways of `--egress-selector-config-file`, which is read once, as upstream; none without it. */
export function openEgress(path: string | undefined, ports: Ports): Egress {
  if (path === undefined) return {}
  const text = readConfigured(path, flag)
  try {
    const connections = readEgressConfiguration(text, existsSync)
    const parts = { ...ports, readFile: (file: string) => readConfigured(file, flag) }
    const dialer = (name: EgressName) => {
      const connection = connections.get(name)
      return connection && dialerOf(connection, parts)
    }
    if (dialer('etcd'))
      throw new Error('etcd: only Direct is available; name the address of a proxy in --etcd-servers instead')
    return { cluster: dialer('cluster'), controlplane: dialer('controlplane') }
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`--${flag}: ${path}: ${(error as Error).message}`)
  }
}

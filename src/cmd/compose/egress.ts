import { existsSync } from 'node:fs'
import { type EgressName, readEgressConfiguration } from '../../server/egress/configuration.ts'
import type { Egress } from '../../server/egress/dial.ts'
import { dialerOf } from '../../server/egress/dialer.ts'
import type { Ports } from '../../std/ports.ts'
import { UserError } from '../user-error.ts'
import { readConfigured } from './configured-file.ts'
import type { ServerSettings } from './settings.ts'

const flag = 'egress-selector-config-file'

type EgressSettings = Pick<
  ServerSettings,
  'egressConfig' | 'authentication' | 'authorization' | 'auditing' | 'tracingConfig'
>

/** The ways of `--egress-selector-config-file`, which is read once, as upstream; none without it. */
export function openEgress(settings: EgressSettings, ports: Ports): Egress {
  const { egressConfig: path } = settings
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
    const controlplane = dialer('controlplane')
    const direct = controlplane && askedDirectly(settings)
    if (direct) throw new Error(`controlplane: what --${direct} names is asked directly; only Direct fits it`)
    return { cluster: dialer('cluster'), controlplane }
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`--${flag}: ${path}: ${(error as Error).message}`)
  }
}

/** The flag of a service of the control plane that no proxy leads to. */
function askedDirectly({ authentication, authorization, auditing, tracingConfig }: EgressSettings) {
  const given: readonly (readonly [name: string, value: unknown])[] = [
    ['authentication-token-webhook-config-file', authentication.webhook.configFile],
    ['authorization-webhook-config-file', authorization.webhook.configFile],
    ['authorization-config', authorization.path],
    ['audit-webhook-config-file', auditing.webhook],
    ['tracing-config-file', tracingConfig],
  ]
  return given.find(([, value]) => value !== undefined)?.[0]
}

import { hostname } from 'node:os'
import { createClient } from '../../client/client.ts'
import { runWithLeadership } from '../../client/leases.ts'
import type { UserInfo } from '../../server/context.ts'
import type { Runnable } from '../../std/ports.ts'
import type { ControlPlane } from './control-plane.ts'
import type { ServerSettings } from './settings.ts'

/**
 * The part as it is where this server is alone; on a store that others may share it runs in one of them at a time: in whom
 * holds the lease of this name in kube-system, as with upstream's --leader-elect.
 */
export function oneOfMany(
  plane: Pick<ControlPlane, 'as'>,
  { etcd }: Pick<ServerSettings, 'etcd'>,
  { name, user, run }: { readonly name: string; readonly user: UserInfo; readonly run: Runnable },
): Runnable {
  if (!etcd) return run
  return (ports, signal) => {
    const identity = `${hostname()}_${ports.random.uuid()}`
    const client = createClient(plane.as(user))
    return runWithLeadership({ client, ports, name, identity }, leading => run(ports, leading), signal)
  }
}

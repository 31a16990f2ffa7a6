import { readFileSync } from 'node:fs'
import { createClient } from '../../client/client.ts'
import { createDns } from '../../dns/dns.ts'
import { resolversOf } from '../../dns/upstream.ts'
import { componentUsers } from '../../server/authn/identity.ts'
import type { Runnable } from '../../std/ports.ts'
import type { NamedRunnable } from '../../std/run.ts'
import type { FlagReader } from '../server-flags.ts'
import { type ControlPlane, serverClient } from './control-plane.ts'
import { controllerManager } from './controllers.ts'
import { oneOfMany } from './leadership.ts'
import { ownMemory, releaseAtRest } from './memory.ts'
import { ownNode } from './own-node.ts'
import { schedulerPart } from './scheduler.ts'
import type { ServerSettings } from './settings.ts'
import { simulatedNodes } from './simulated-nodes.ts'

/** The parts that run beside the API server, in the order in which they start. */
export async function serverParts(
  plane: ControlPlane,
  settings: ServerSettings,
  flags: FlagReader,
): Promise<NamedRunnable[]> {
  const scheduler = await schedulerPart(plane, flags)
  const parts: (NamedRunnable & { readonly when: boolean })[] = [
    { name: 'certificates', when: true, run: plane.renewal },
    { name: 'store', when: true, run: (_, signal) => untilLost(plane.server.cache.done, signal) },
    { name: 'memory', when: true, run: releaseAtRest(ownMemory) },
    {
      name: 'controllers',
      when: !settings.disabled.has('controller-manager'),
      run: oneOfMany(plane, settings, {
        name: 'kube-controller-manager',
        user: componentUsers.controllerManager,
        run: controllerManager(plane, settings),
      }),
    },
    {
      name: 'scheduler',
      when: !settings.disabled.has('scheduler'),
      run: oneOfMany(plane, settings, {
        name: 'kube-scheduler',
        user: componentUsers.scheduler,
        run: scheduler,
      }),
    },
    { name: 'dns', when: settings.runsPods && !settings.disabled.has('dns'), run: dns(plane, settings) },
  ]
  const node = settings.runsPods ? ownNode(plane, settings, flags) : []
  return [...parts.filter(part => part.when), ...simulatedNodes(plane, settings, flags), ...node]
}

/** A server whose store is another one than before, or older, knows nothing any more: it ends. */
function untilLost(done: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  if (signal.aborted) resolve()
  done.catch(reject)
  return promise
}

const dnsPort = 10_053

function dns(plane: ControlPlane, settings: ServerSettings): Runnable {
  return createDns({
    client: createClient(plane.as(componentUsers.dns)),
    publisher: serverClient(plane),
    address: settings.nodeIp,
    port: dnsPort,
    nodeName: settings.nodeName,
    clusterDomain: settings.clusterDomain,
    clusterDns: settings.clusterDns,
    resolvers: resolversOf(readFileSync('/etc/resolv.conf', 'utf8')),
  })
}

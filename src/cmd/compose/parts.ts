import { readFileSync } from 'node:fs'
import { createClient } from '../../client/client.ts'
import { createEventRecorder } from '../../client/events.ts'
import { createDns } from '../../dns/dns.ts'
import { resolversOf } from '../../dns/upstream.ts'
import { createLabelIndex } from '../../kernels/label-index-wasm.ts'
import { createNodeColumns } from '../../kernels/node-columns-wasm.ts'
import { loadComponentPlugin } from '../../scheduler/plugins/component-plugin.ts'
import { defaultProfile, type ProfileSpec } from '../../scheduler/profiles.ts'
import { createScheduler } from '../../scheduler/scheduler.ts'
import { componentUsers } from '../../server/authn/identity.ts'
import type { Runnable } from '../../std/ports.ts'
import type { NamedRunnable } from '../../std/run.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import { type ControlPlane, serverClient } from './control-plane.ts'
import { controllerManager } from './controllers.ts'
import { ownNode } from './own-node.ts'
import type { ServerSettings } from './settings.ts'
import { simulatedNodes } from './simulated-nodes.ts'

/** The parts that run beside the API server, in the order in which they start. */
export async function serverParts(
  plane: ControlPlane,
  settings: ServerSettings,
  flags: FlagReader,
): Promise<NamedRunnable[]> {
  const profiles = [defaultProfile(await loadPlugins(flags.list('scheduler-plugin')))]
  const parts: (NamedRunnable & { readonly when: boolean })[] = [
    { name: 'certificates', when: true, run: plane.renewal },
    {
      name: 'controllers',
      when: !settings.disabled.has('controller-manager'),
      run: controllerManager(plane, settings),
    },
    { name: 'scheduler', when: !settings.disabled.has('scheduler'), run: scheduler(plane, profiles) },
    { name: 'dns', when: settings.runsPods && !settings.disabled.has('dns'), run: dns(plane, settings) },
  ]
  const node = settings.runsPods ? ownNode(plane, settings, flags) : []
  return [...parts.filter(part => part.when), ...simulatedNodes(plane, settings, flags), ...node]
}

async function loadPlugins(paths: readonly string[]) {
  return Promise.all(
    paths.map(path =>
      loadComponentPlugin(path).catch(error => {
        throw new UserError((error as Error).message, 'Check --scheduler-plugin.')
      }),
    ),
  )
}

function scheduler(plane: ControlPlane, profiles: readonly ProfileSpec[]): Runnable {
  return (ports, signal) => {
    const client = createClient(plane.as(componentUsers.scheduler))
    const recorder = createEventRecorder({ client, ports, signal, component: 'default-scheduler' })
    const kernels = { columns: createNodeColumns(), labels: createLabelIndex() }
    return createScheduler({ client, recorder, profiles, kernels })(ports, signal)
  }
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

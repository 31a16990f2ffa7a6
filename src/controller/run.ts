import { type Client, createClient } from '../client/client.ts'
import { createEventRecorder } from '../client/events.ts'
import { createInformers } from '../client/informers.ts'
import type { Transport } from '../client/transport.ts'
import type { MetricSpec } from '../std/metrics.ts'
import type { Ports, Runnable } from '../std/ports.ts'
import { managerIdentity, runWorker, type Worker, type WorkerStats } from './worker.ts'

export interface ControllersOptions {
  /** The way in under the identity of this ServiceAccount of kube-system. */
  readonly transportFor: (identity: string) => Transport
  /** The way in that all controllers read by: `system:kube-controller-manager`. */
  readonly informerTransport: Transport
  /** Names of the table that shall not run. */
  readonly disabled?: readonly string[]
  /** Runs the given part only while this process leads; without it, at once. */
  readonly lead?: (
    lead: (signal: AbortSignal) => Promise<void>,
    ports: Ports,
    signal: AbortSignal,
  ) => Promise<void>
  /** Filled with the counters of each controller. */
  readonly stats?: Map<string, WorkerStats>
}

/** All controllers of a table as one component. */
export function runControllers(table: readonly Worker[], options: ControllersOptions): Runnable {
  return async (ports, signal) => {
    const all = (leading: AbortSignal) => runTable(table, options, ports, leading)
    await (options.lead ? options.lead(all, ports, signal) : all(signal))
  }
}

/** Upstream's name (controller-manager/pkg/controllermanager metrics). */
const runningSpec: MetricSpec = {
  name: 'running_managed_controllers',
  help: '1 for each controller that runs, 0 for each that has ended.',
  labels: ['name', 'manager'],
  stability: 'ALPHA',
}

async function runTable(
  table: readonly Worker[],
  options: ControllersOptions,
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController()
  const until = AbortSignal.any([signal, stop.signal])
  const informers = createInformers({ client: createClient(options.informerTransport), ports, signal: until })
  const enabled = table.filter(({ name }) => !options.disabled?.includes(name))
  const runs = enabled.map(worker => {
    const client: Client = createClient(transportOf(worker, options))
    const stats: WorkerStats = { syncs: 0, failures: 0, conflicts: 0, depth: 0 }
    options.stats?.set(worker.name, stats)
    const log = ports.log.with({ controller: worker.name })
    const own = { ...ports, log }
    const events = createEventRecorder({
      client,
      ports: own,
      signal: until,
      component: worker.eventSource ?? worker.identity,
    })
    const running = ports.metrics.gauge(runningSpec).with(worker.name, managerIdentity)
    running.set(1)
    until.addEventListener('abort', () => running.set(0), { once: true })
    return runWorker({ worker, client, informers, events, ports: own, signal: until, stats })
  })
  try {
    await Promise.all(runs)
  } finally {
    stop.abort()
    await Promise.allSettled(runs)
    await informers.done
  }
}

function transportOf(
  { identity }: Worker,
  { informerTransport, transportFor }: ControllersOptions,
): Transport {
  return identity === managerIdentity ? informerTransport : transportFor(identity)
}

import { createLogger, type LogLevel } from '../../std/log.ts'
import type { Ports } from '../../std/ports.ts'
import { realClock, realPorts } from '../../std/real-ports.ts'
import { runAll } from '../../std/run.ts'
import type { Command } from '../command.ts'
import { requireCoherence } from '../compose/coherence.ts'
import { openControlPlane } from '../compose/control-plane.ts'
import { ensureJoinToken } from '../compose/join-secret.ts'
import { listenApi } from '../compose/listen-api.ts'
import { metricRules } from '../compose/metric-rules.ts'
import { serverParts } from '../compose/parts.ts'
import { preflight, requireAddress, requireOneFamily, warnOfClock } from '../compose/preflight.ts'
import { measureProcess } from '../compose/process-metrics.ts'
import { type ServerSettings, serverSettings } from '../compose/settings.ts'
import { explainedStoreFailure } from '../compose/store-failure.ts'
import { settleEngine } from '../engine.ts'
import { type FlagReader, flagReader, serverFlags } from '../server-flags.ts'
import { logLevel } from '../verbosity.ts'

export const serverCommand: Command = {
  name: 'server',
  summary:
    'Run a cluster on this machine: API server, scheduler, controllers, DNS, proxy and kubelet in one process',
  examples: [
    'sudo hutch server',
    'hutch server --simulated-node 3 --data-dir ~/hutch --write-kubeconfig ~/kc',
    'sudo hutch server --disable-agent --tls-san cluster.example.org',
  ],
  flags: serverFlags,
  async run(values, _words, signal) {
    const flags = flagReader(values)
    const ports = realPorts(createLogger(realClock, { level: logLevel(flags.text('log-level') as LogLevel) }))
    settleEngine(ports.log)
    ports.metrics.restrict(metricRules(flags))
    const settings = serverSettings(flags)
    requireCoherence(settings)
    requireOneFamily(settings)
    if (settings.runsPods) {
      preflight()
      requireAddress(settings, ports)
    }
    warnOfClock(ports)
    measureProcess(ports, settings.inMemory || settings.etcd ? undefined : settings.databasePath)
    try {
      await serve(settings, flags, ports, signal)
    } catch (error) {
      throw explainedStoreFailure(error, settings)
    }
  },
}

async function serve(
  settings: ServerSettings,
  flags: FlagReader,
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  const plane = await openControlPlane(settings, ports)
  signal.addEventListener('abort', () => plane.server.leave(), { once: true })
  try {
    await ensureJoinToken(plane, { dataDir: settings.dataDir, given: settings.joinToken }, ports)
    await listenApi(plane, settings, ports)
    await runAll(await serverParts(plane, settings, flags), ports, signal)
    ports.log.info('stopping; pods go on running')
  } finally {
    await plane.close()
  }
}

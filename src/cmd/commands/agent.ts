import { createLogger, type LogLevel } from '../../std/log.ts'
import { realClock, realPorts } from '../../std/real-ports.ts'
import type { Command } from '../command.ts'
import { runAgent } from '../compose/agent.ts'
import { agentSettings } from '../compose/agent-settings.ts'
import { preflight, warnOfClock } from '../compose/preflight.ts'
import { settleEngine } from '../engine.ts'
import { agentFlags, flagReader } from '../server-flags.ts'

export const agentCommand: Command = {
  name: 'agent',
  summary: 'Join a cluster and run its pods on this machine',
  examples: [
    'sudo hutch agent --server https://192.0.2.7:6443 --token "$TOKEN"',
    'sudo hutch agent --server https://192.0.2.7:6443 --node-label disk=ssd',
  ],
  flags: agentFlags,
  async run(values, _words, signal) {
    const flags = flagReader(values)
    const ports = realPorts(createLogger(realClock, { level: flags.text('log-level') as LogLevel }))
    settleEngine(ports.log)
    const settings = agentSettings(flags)
    preflight()
    warnOfClock(ports)
    await runAgent(settings, flags, ports, signal)
    ports.log.info('stopping; pods go on running')
  },
}

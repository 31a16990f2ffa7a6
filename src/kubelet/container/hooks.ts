import { connect } from 'node:net'
import type { Ports } from '../../std/ports.ts'
import { sleep } from '../../std/sleep.ts'
import type { HookRequest, HookRunner } from '../pod/environment.ts'
import { execute, httpProbe, portNumber } from '../probes/host-prober.ts'
import type { RuntimeService } from '../runtime/runtime.ts'

/** An HTTP hook that nobody limits ends at some time (upstream: the client's default). */
const httpTimeoutMs = 60_000

/** Lifecycle hooks (upstream pkg/kubelet/lifecycle/handlers.go). */
export function hostHooks(containers: Pick<RuntimeService, 'exec'>, ports: Ports): HookRunner {
  return async request => {
    const handler = request.container.lifecycle?.[request.hook]
    if (handler?.exec) return execHook(containers, request, handler.exec.command ?? [])
    if (handler?.sleep)
      return sleepFor(
        ports,
        Math.min(handler.sleep.seconds * 1000, request.timeoutMs ?? Number.POSITIVE_INFINITY),
      )
    if (handler?.httpGet) {
      const { ok, output } = await httpProbe(
        handler.httpGet,
        request.container,
        request.podIp ?? '',
        request.timeoutMs ?? httpTimeoutMs,
      )
      if (!ok) throw new Error(output)
      return
    }
    if (handler?.tcpSocket)
      return reach(
        handler.tcpSocket.host || (request.podIp ?? ''),
        portNumber(handler.tcpSocket.port, request.container),
      )
    throw new Error(`cannot run a ${request.hook} hook without a handler`)
  }
}

async function execHook(
  containers: Pick<RuntimeService, 'exec'>,
  { containerId, timeoutMs }: HookRequest,
  command: readonly string[],
): Promise<void> {
  const { exitCode, output, timedOut } = await execute(containers, containerId, command, timeoutMs)
  if (timedOut) throw new Error('the hook was not done in time')
  if (exitCode !== 0) throw new Error(`command '${command.join(' ')}' exited with ${exitCode}: ${output}`)
}

function sleepFor(ports: Ports, durationMs: number): Promise<void> {
  return sleep(ports.clock, durationMs)
}

function reach(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
  })
}

import { constants } from 'node:os'
import type { Clock, Logger } from '../../../std/ports.ts'
import { sleep } from '../../../std/sleep.ts'
import { already, type Engine, toEngineError } from './engine.ts'

export interface StopOptions {
  readonly graceSeconds: number
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Ends a container: its stop signal, SIGKILL once the grace is used up; resolves when it has ended. The engine's own stop
 * does the same, but from its beginning on nobody may exec into the container, and a pod that terminates must let them.
 */
export async function stopContainer(engine: Engine, id: string, options: StopOptions): Promise<void> {
  if (options.graceSeconds > 0 && (await endsOfItself(engine, id, options))) return
  await already(engine.container(id).stop({ t: 0 }), 304, 404)
}

interface Inspected {
  readonly State: { readonly Status: string }
  /** A number before Podman 5, a name since. */
  readonly Config: { readonly StopSignal?: number | string }
}

/** Whether it ended by its stop signal within its grace. */
async function endsOfItself(engine: Engine, id: string, options: StopOptions): Promise<boolean> {
  const found = await already(engine.call<Inspected>({ method: 'GET', path: `/containers/${id}/json` }), 404)
  if (found === undefined) return true
  // `stopping`: an earlier kubelet had the engine stop it.
  if (found.State.Status !== 'running' && found.State.Status !== 'stopping') return false
  const ended = waitForEnd(engine, id, options)
  try {
    const signal = found.Config.StopSignal || constants.signals.SIGTERM
    await engine.call({ method: 'POST', path: `/containers/${id}/kill?signal=${signal}` })
  } catch (error) {
    // It has ended just now, or is about to; whatever else it is, the grace is kept.
    const { message } = toEngineError(error)
    options.log.debug('container did not take its stop signal', { container: id, error: message })
  }
  return ended
}

/** Whether it ended within the grace. Nothing is left waiting: the engine's connections are counted. */
async function waitForEnd(engine: Engine, id: string, options: StopOptions): Promise<boolean> {
  const { graceSeconds, clock } = options
  const over = new AbortController()
  const late = new AbortController()
  void sleep(clock, graceSeconds * 1000, over.signal).then(() => late.abort())
  try {
    await already(engine.call({ method: 'POST', path: `/containers/${id}/wait`, signal: late.signal }), 404)
    return true
  } catch (error) {
    if (late.signal.aborted) return false
    throw error
  } finally {
    over.abort()
  }
}

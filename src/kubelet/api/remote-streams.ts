import { messageOf } from '../../std/message.ts'
import type { Logger } from '../../std/ports.ts'
import type { Session } from '../runtime/runtime.ts'

/** The client's side of exec and attach, whichever protocol carries it. */
export interface RemoteStreams {
  /** Undefined when the client sends no input. */
  readonly stdin: AsyncIterable<Uint8Array> | undefined
  /** The newest size that came before is told at once. */
  readonly onResize: (listener: (columns: number, rows: number) => void) => void
  write(stream: 'stdout' | 'stderr', data: Uint8Array): Promise<void>
  /** Says how it ended (a Status in JSON, protocol v4 on) and closes. */
  finish(status: string): Promise<void>
  /** Resolves when the client is gone. */
  readonly gone: Promise<void>
}

/**
 * Joins a session to a client until the session ends or the client goes. What cannot begin or breaks off is told where
 * the client waits for the exit code.
 */
export async function serveSession(
  begin: () => Promise<Session>,
  remote: RemoteStreams,
  log: Pick<Logger, 'debug'>,
): Promise<void> {
  const note = (what: string) => (error: unknown) => log.debug(what, { reason: messageOf(error) })
  try {
    const session = await begin()
    // It fails when the command has just ended: what that has said is still to be told.
    const notResized = note('a terminal was not resized')
    remote.onResize((columns, rows) => void session.resize(columns, rows).catch(notResized))
    void remote.gone.then(() => session.close())
    // Input that breaks off is input that ends, as upstream's runtimes take it.
    void feed(session, remote).catch(note('input broke off'))
    for await (const { stream, data } of session.output) await remote.write(stream, data)
    await remote.finish(exitStatus(await session.exitCode()))
  } catch (error) {
    await remote.finish(failureStatus(messageOf(error)))
  }
}

async function feed({ stdin }: Session, remote: RemoteStreams): Promise<void> {
  if (!stdin || !remote.stdin) return
  try {
    for await (const piece of remote.stdin) {
      if (!stdin.writable) return
      if (!stdin.write(piece))
        await new Promise(resolve => stdin.once('drain', resolve).once('close', resolve))
    }
  } finally {
    stdin.end()
  }
}

/** remotecommand protocol v4: success, or the exit code as a cause. */
export function exitStatus(exitCode: number): string {
  if (exitCode === 0) return JSON.stringify({ metadata: {}, status: 'Success' })
  return JSON.stringify({
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  })
}

export function failureStatus(message: string): string {
  const text = `Internal error occurred: ${message}`
  const details = { causes: [{ message }] }
  return JSON.stringify({
    metadata: {},
    status: 'Failure',
    message: text,
    reason: 'InternalError',
    details,
    code: 500,
  })
}

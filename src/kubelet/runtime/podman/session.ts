import type { Duplex } from 'node:stream'
import { sleep } from '../../../client/sleep.ts'
import type { Clock } from '../../../std/ports.ts'
import type { ExecOptions, Session, StreamOptions } from '../runtime.ts'
import { already, type Engine, toEngineError } from './engine.ts'
import { hijack } from './hijack.ts'
import { demultiplex, piecesOf, terminalOutput } from './streams.ts'

/** Runs a command inside a container, its streams on a connection of their own. */
export async function execSession(
  engine: Engine,
  id: string,
  options: ExecOptions,
  clock: Clock,
): Promise<Session> {
  const { command, stdin, stdout, stderr, tty } = options
  try {
    const execution = await engine.container(id).exec({
      ...{ AttachStdin: stdin, AttachStdout: stdout || tty, AttachStderr: stderr && !tty },
      ...{ Tty: tty, Cmd: [...command] },
    })
    const socket = (await execution.start({ hijack: true, stdin, Tty: tty })) as Duplex
    return sessionOver(socket, options, {
      resize: async (columns, rows) => void (await already(execution.resize({ w: columns, h: rows }), 201)),
      exitCode: () => execExitCode(engine, execution.id, clock),
    })
  } catch (error) {
    throw toEngineError(error)
  }
}

export async function attachSession(engine: Engine, id: string, options: StreamOptions): Promise<Session> {
  const { stdin, stdout, stderr } = options
  const container = engine.container(id)
  try {
    const query = `stream=true&stdin=${stdin}&stdout=${stdout}&stderr=${stderr}`
    const socket = await hijack(engine.socketPath, `/v1.41/containers/${id}/attach?${query}`)
    return sessionOver(socket, options, {
      resize: async (columns, rows) => void (await already(container.resize({ w: columns, h: rows }), 201)),
      exitCode: async () => (await container.inspect()).State.ExitCode,
    })
  } catch (error) {
    throw toEngineError(error)
  }
}

function sessionOver(
  socket: Duplex,
  { stdin, tty }: StreamOptions,
  rest: Pick<Session, 'resize' | 'exitCode'>,
): Session {
  const pieces = piecesOf(socket)
  return {
    stdin: stdin ? socket : undefined,
    output: tty ? terminalOutput(pieces) : demultiplex(pieces),
    close: () => void socket.destroy(),
    ...rest,
  }
}

const pollMs = 20
const pollMax = 100

/** The streams end a moment before the engine has noted the exit code. */
async function execExitCode(engine: Engine, id: string, clock: Clock): Promise<number> {
  for (let tries = 0; tries < pollMax; tries++) {
    const { Running, ExitCode } = await engine.execution(id).inspect()
    if (!Running && ExitCode !== null) return ExitCode
    await sleep(clock, pollMs, new AbortController().signal)
  }
  throw new Error('the command has ended, but its exit code is not known')
}

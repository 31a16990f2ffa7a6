import type { Duplex } from 'node:stream'
import type { Clock } from '../../../std/ports.ts'
import { sleep } from '../../../std/sleep.ts'
import type { ExecOptions, OutputChunk, Session, StreamOptions } from '../runtime.ts'
import { already, type Engine, EngineError, toEngineError } from './engine.ts'
import { hijack } from './hijack.ts'
import { killedBySignal9 } from './observe.ts'
import { demultiplex, piecesOf, terminalOutput } from './streams.ts'
import { lastEvent } from './watch.ts'

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

/**
 * Joins the streams of a running container. An engine that is asked to attach to one that has ended prepares it for
 * another run, as Docker clients expect: so it is asked before, and what happened in between is undone. `onRevived`
 * hears the exit code that the engine has forgotten then. Rejects with an `EngineError` when the container has ended.
 */
export async function attachSession(
  engine: Engine,
  id: string,
  options: StreamOptions,
  onRevived: (exitCode: number) => void,
): Promise<Session> {
  const { stdin, stdout, stderr } = options
  const container = engine.container(id)
  const status = async () => (await container.inspect()).State.Status as string
  try {
    if ((await status()) !== 'running') throw hasEnded(id)
    const query = `stream=true&stdin=${stdin}&stdout=${stdout}&stderr=${stderr}`
    const socket = await hijack(engine.socketPath, `/v1.41/containers/${id}/attach?${query}`)
    if (prepared.includes(await status())) {
      socket.destroy()
      onRevived(await lastExitCode(engine, id))
      await already(container.stop({ t: 0 }), 304, 404)
      throw hasEnded(id)
    }
    const session = sessionOver(socket, options, {
      resize: async (columns, rows) => void (await already(container.resize({ w: columns, h: rows }), 201)),
      // How the container ends is told by the pod's status (upstream: attach ends with success).
      exitCode: async () => 0,
    })
    return { ...session, output: untilBroken(session.output) }
  } catch (error) {
    throw toEngineError(error)
  }
}

/** Docker's word for it and Podman's. */
const prepared = ['created', 'initialized']

function hasEnded(id: string): EngineError {
  return new EngineError(409, `container ${id} has ended`)
}

/** The newest exit code that the engine's history of events has. */
async function lastExitCode(engine: Engine, id: string): Promise<number> {
  const filters = encodeURIComponent(JSON.stringify({ container: [id], event: ['died'] }))
  const stream = await engine.stream({ method: 'GET', path: `/events?stream=false&filters=${filters}` })
  const { Actor } = (await lastEvent(stream)) ?? {}
  return Number(Actor?.Attributes?.containerExitCode ?? killedBySignal9)
}

/** The engine writes its own failure into the stream as if the container had said it: then output may be lost. */
async function* untilBroken(output: AsyncIterable<OutputChunk>): AsyncGenerator<OutputChunk> {
  for await (const chunk of output) {
    const words = chunk.data.length < 500 ? Buffer.from(chunk.data).toString() : ''
    if (/^Error: (read|write) unixpacket .*\n$/.test(words)) throw new EngineError(0, words.trim())
    yield chunk
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
    await sleep(clock, pollMs)
  }
  throw new Error('the command has ended, but its exit code is not known')
}

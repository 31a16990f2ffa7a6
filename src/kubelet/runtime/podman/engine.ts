import type { Readable } from 'node:stream'
import { plugin } from 'bun'
import type Dockerode from 'dockerode'

/** The engine's API over its unix socket: dockerode's objects where they fit, libpod's own paths where they say more. */
export interface Engine {
  readonly socketPath: string
  container(id: string): Dockerode.Container
  execution(id: string): Dockerode.Exec
  /** A JSON answer of a libpod path; undefined for an empty one. Rejects with an `EngineError`. */
  call<T>(call: EngineCall): Promise<T>
  /** The answer's body as it comes. */
  stream(call: EngineCall): Promise<Readable>
}

export interface EngineCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below `/libpod`, with its query. */
  readonly path: string
  readonly body?: unknown
  /** A raw request body. */
  readonly file?: Buffer | NodeJS.ReadableStream
  readonly signal?: AbortSignal
}

/** The engine refused. `code` is the HTTP status, or 0 when it could not be reached. */
export class EngineError extends Error {
  override name = 'EngineError'
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

interface Modem {
  dial(options: object, done: (error: unknown, answer: unknown) => void): void
}

const libpod = '/v4.0.0/libpod'
const accepted = [200, 201, 204, 304]

/**
 * Loads only the parts of dockerode that are used: its entry point pulls in gRPC, and docker-modem an SSH client
 * (together 13 MB of anonymous memory). Nothing is loaded before the first engine is opened.
 */
export async function openEngine(socketPath: string): Promise<Engine> {
  plugin({
    name: 'no-ssh',
    setup: build => void build.module('ssh2', () => ({ exports: { Client: NoSsh }, loader: 'object' })),
  })
  const { default: DockerModem } = await import('docker-modem')
  const { default: Container } = await import('dockerode/lib/container.js')
  const { default: Exec } = await import('dockerode/lib/exec.js')
  // dockerode's entry point would add the promise constructor.
  const modem = Object.assign(new DockerModem({ socketPath }), { Promise }) as unknown as Modem
  const dial = (call: EngineCall, isStream: boolean) =>
    new Promise<unknown>((resolve, reject) => {
      const statusCodes = Object.fromEntries(accepted.map(code => [code, true]))
      const body = call.body === undefined ? {} : { options: { _query: {}, _body: call.body } }
      modem.dial(
        {
          ...{ path: requestPath(call), method: call.method, statusCodes, isStream, ...body },
          ...(call.file ? { file: call.file, headers: { 'Content-Type': 'application/x-tar' } } : {}),
          ...(call.signal ? { abortSignal: call.signal } : {}),
        },
        (error, answer) => (error ? reject(toEngineError(error)) : resolve(answer)),
      )
    })
  return {
    socketPath,
    container: id => new Container(modem, id) as Dockerode.Container,
    execution: id => new Exec(modem, id) as Dockerode.Exec,
    call: <T>(call: EngineCall) => dial(call, false) as Promise<T>,
    stream: call => dial(call, true) as Promise<Readable>,
  }
}

/** docker-modem expects to add a query itself: of a path that has one it cuts off the last character. */
function requestPath({ path, body }: EngineCall): string {
  return `${libpod}${path}${path.includes('?') && body === undefined ? '&' : ''}`
}

/** The engine is on this machine; DOCKER_HOST=ssh://… is none of ours. */
class NoSsh {
  constructor() {
    throw new EngineError(0, 'the container engine is not reached over SSH')
  }
}

/** dockerode's messages look like `(HTTP code 404) no such container - …`; the engine's own words are what helps. */
export function toEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error
  const { statusCode, json, message } = error as {
    statusCode?: number
    json?: { message?: string; cause?: string }
    message?: string
  }
  return new EngineError(statusCode ?? 0, json?.message ?? json?.cause ?? message ?? String(error))
}

/** Takes an answer for granted that says "it is so already" (304) or "it is gone" (404). */
export async function already<T>(call: Promise<T>, ...codes: number[]): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    const known = toEngineError(error)
    if (codes.includes(known.code)) return undefined
    throw known
  }
}

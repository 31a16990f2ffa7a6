import { type Engine, EngineError } from './engine.ts'
import { labels } from './labels.ts'

interface EngineEvent {
  readonly Type?: string
  readonly Action?: string
  readonly Actor?: { readonly Attributes?: Readonly<Record<string, string>> }
}

/** Events that change what `list` shows. `exec` and the like come often and say nothing. */
const telling = ['create', 'start', 'died', 'die', 'remove', 'cleanup', 'oom']

/** Follows the engine's events until its stream or `signal` ends. */
export async function watchContainers(
  engine: Engine,
  nodeName: string,
  changed: (podUid: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const filters = encodeURIComponent(
    JSON.stringify({ type: ['container'], label: [`${labels.node}=${nodeName}`] }),
  )
  const stream = await engine.stream({ method: 'GET', path: `/events?stream=true&filters=${filters}` })
  const stop = () => stream.destroy()
  if (signal.aborted) {
    stop()
    return
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const line of linesOf(stream)) take(line, changed)
  } catch (error) {
    if (!signal.aborted) throw new EngineError(0, String(error))
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function take(line: string, changed: (podUid: string) => void): void {
  if (line.trim() === '') return
  const { Action, Actor } = JSON.parse(line) as EngineEvent
  const podUid = Actor?.Attributes?.[labels.podUid]
  if (podUid && Action && telling.includes(Action)) changed(podUid)
}

async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let pending = ''
  for await (const piece of stream) {
    pending += Buffer.from(piece).toString()
    const lines = pending.split('\n')
    pending = lines.pop() ?? ''
    yield* lines
  }
}

/** The last event of a stream that ends. */
export async function lastEvent(stream: AsyncIterable<Uint8Array>): Promise<EngineEvent | undefined> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  const last = Buffer.concat(pieces).toString().trim().split('\n').at(-1)
  return last ? (JSON.parse(last) as EngineEvent) : undefined
}

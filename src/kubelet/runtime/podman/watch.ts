import { type Engine, EngineError } from './engine.ts'
import { labels } from './labels.ts'

/** Who is told what. */
export interface EngineListener {
  /** The connection stands: what happens from now on is told. */
  listening(): void
  /** `atMs`: when it happened, by the engine's clock; some engines do not say. */
  podChanged(podUid: string, atMs: number | undefined): void
  imagesChanged(): void
}

interface EngineEvent {
  readonly Type?: string
  readonly Action?: string
  readonly timeNano?: number
  readonly Actor?: { readonly Attributes?: Readonly<Record<string, string>> }
}

/** Events that change what `list` shows. `exec` and the like come often and say nothing. */
const telling = ['create', 'start', 'died', 'die', 'remove', 'cleanup', 'oom']

/** Follows the engine's events until its stream or `signal` ends. */
export async function watchEngine(
  engine: Engine,
  nodeName: string,
  listener: EngineListener,
  signal: AbortSignal,
): Promise<void> {
  // Images have no labels to ask for.
  const filters = encodeURIComponent(JSON.stringify({ type: ['container', 'image'] }))
  const stream = await engine.stream({ method: 'GET', path: `/events?stream=true&filters=${filters}` })
  const stop = () => stream.destroy()
  if (signal.aborted) {
    stop()
    return
  }
  signal.addEventListener('abort', stop, { once: true })
  listener.listening()
  try {
    for await (const line of linesOf(stream)) take(line, nodeName, listener)
  } catch (error) {
    if (!signal.aborted) throw new EngineError(0, String(error))
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function take(line: string, nodeName: string, listener: EngineListener): void {
  if (line.trim() === '') return
  const { Type, Action, Actor, timeNano } = JSON.parse(line) as EngineEvent
  if (Type === 'image') return listener.imagesChanged()
  const podUid = Actor?.Attributes?.[labels.podUid]
  const isOurs = Actor?.Attributes?.[labels.node] === nodeName
  if (podUid && isOurs && Action && telling.includes(Action))
    listener.podChanged(podUid, timeNano && timeNano / 1e6)
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

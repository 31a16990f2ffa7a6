import { createReadStream, existsSync, watch } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { type LogEntry, parseLogLine } from './cri.ts'

/** core/v1 PodLogOptions, as far as the file matters. */
export interface LogOptions {
  readonly follow: boolean
  readonly timestamps: boolean
  /** Nothing before this moment. */
  readonly sinceMs: number | undefined
  readonly tailLines: number | undefined
  readonly limitBytes: number | undefined
  /** `Stdout`, `Stderr`; undefined: both. */
  readonly stream: 'stdout' | 'stderr' | undefined
}

export interface LogSource {
  readonly file: string
  /** Whether the container may still write. */
  readonly live: () => Promise<boolean>
  readonly signal: AbortSignal
}

const chunkBytes = 64 * 1024

/** Yields a container's log as `kubectl logs` shows it; with `follow` until the container ends or `signal` aborts. */
export async function* readLog(source: LogSource, options: LogOptions): AsyncGenerator<string> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY
  let midLine = false
  for await (const line of linesOf(source, options)) {
    const entry = parseLogLine(line)
    if (!entry || !isWanted(entry, options)) continue
    const time = options.timestamps && !midLine ? `${toZulu(entry.time)} ` : ''
    midLine = entry.partial
    const text = `${time}${entry.text}${entry.partial ? '' : '\n'}`
    const bytes = Buffer.from(text)
    if (bytes.length >= left) {
      yield bytes.subarray(0, left).toString()
      return
    }
    left -= bytes.length
    yield text
  }
}

function isWanted(entry: LogEntry, { sinceMs, stream }: LogOptions): boolean {
  if (stream && entry.stream !== stream) return false
  return sinceMs === undefined || Date.parse(entry.time) >= sinceMs
}

/** Upstream prints UTC with a Z. */
function toZulu(time: string): string {
  return time.replace(/\+00:00$/, 'Z')
}

async function* linesOf(source: LogSource, { follow, tailLines }: LogOptions): AsyncGenerator<string> {
  // What is written while we read is not of the last lines.
  let left = follow ? Number.POSITIVE_INFINITY : (tailLines ?? Number.POSITIVE_INFINITY)
  let offset = tailLines === undefined ? 0 : await tailOffset(source.file, tailLines)
  let pending = ''
  for (;;) {
    // Asked before reading: what is written after the end was seen is read in the next round.
    const live = follow && !source.signal.aborted && (await source.live())
    if (existsSync(source.file)) {
      if ((await stat(source.file)).size < offset) offset = 0
      const decoder = new TextDecoder()
      for await (const piece of createReadStream(source.file, { start: offset, highWaterMark: chunkBytes })) {
        offset += (piece as Buffer).length
        pending += decoder.decode(piece as Buffer, { stream: true })
        const lines = pending.split('\n')
        pending = lines.pop() ?? ''
        yield* lines.slice(0, left)
        left -= lines.length
        if (left <= 0) return
      }
    }
    if (!live || source.signal.aborted) return
    await changeOf(source)
  }
}

const followPollMs = 500

/** Resolves soon after the file grew; looks up now and then, so that a container's end is seen. */
function changeOf({ file, signal }: LogSource): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      watcher?.close()
      stop.removeEventListener('abort', done)
      resolve()
    }
    const stop = AbortSignal.any([signal, AbortSignal.timeout(followPollMs)])
    const watcher = existsSync(file) ? watch(file, done) : undefined
    stop.addEventListener('abort', done, { once: true })
  })
}

/** Where the last `count` lines begin, read from the end. */
async function tailOffset(file: string, count: number): Promise<number> {
  if (!existsSync(file)) return 0
  const handle = await open(file, 'r')
  try {
    let end = (await handle.stat()).size
    let newlines = 0
    // The last line's own newline ends it; the one before it is where it begins.
    const wanted = count + 1
    while (end > 0) {
      const start = Math.max(0, end - chunkBytes)
      const buffer = Buffer.alloc(end - start)
      await handle.read(buffer, 0, buffer.length, start)
      for (let index = buffer.length - 1; index >= 0; index--) {
        if (buffer[index] !== 10) continue
        newlines++
        if (newlines === wanted) return start + index + 1
      }
      end = start
    }
    return 0
  } finally {
    await handle.close()
  }
}

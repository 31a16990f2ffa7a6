import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { parseLogLine } from '../logs/cri.ts'
import type { OutputChunk, Session, StreamOptions } from '../runtime/runtime.ts'

/** A container that has said more was not started to be attached to at once. */
const earlierMaxBytes = 65_536

/**
 * Attaches and tells first what the container has said before, from its log: `kubectl run -i` starts a command and attaches
 * then, and of a short one nothing would be seen. Upstream loses it.
 */
export async function attachFromStart(
  logPath: string | undefined,
  { stdout, stderr }: StreamOptions,
  attach: () => Promise<Session>,
): Promise<Session> {
  const earlier = (await saidIn(logPath)).filter(({ stream }) => (stream === 'stderr' ? stderr : stdout))
  const session = await attach()
  return { ...session, output: joined(earlier, session.output) }
}

async function saidIn(logPath: string | undefined): Promise<OutputChunk[]> {
  if (!logPath || !existsSync(logPath) || (await stat(logPath)).size > earlierMaxBytes) return []
  const lines = (await readFile(logPath, 'utf8')).split('\n')
  return lines.flatMap(line => {
    const entry = parseLogLine(line)
    return entry
      ? [{ stream: entry.stream, data: Buffer.from(`${entry.text}${entry.partial ? '' : '\n'}`) }]
      : []
  })
}

async function* joined(
  earlier: readonly OutputChunk[],
  later: AsyncIterable<OutputChunk>,
): AsyncGenerator<OutputChunk> {
  yield* earlier
  yield* later
}

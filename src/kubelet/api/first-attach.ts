import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { parseLogLine } from '../logs/cri.ts'
import type { ObservedContainer, OutputChunk, Session, StreamOptions } from '../runtime/runtime.ts'

/** A container that has said more was not started to be attached to at once. */
const earlierMaxBytes = 65_536

/** The container as the engine sees it now. */
type Look = () => Promise<ObservedContainer | undefined>

/**
 * Attaches and tells first what the container has said before, from its log; one that has ended says no more.
 * `kubectl run -i` starts a command and attaches then: of a short one nothing would be seen, which upstream puts up with.
 */
export async function attachFromStart(
  look: Look,
  { stdout, stderr }: StreamOptions,
  attach: () => Promise<Session>,
): Promise<Session> {
  const container = await look()
  const said = async () =>
    (await saidIn(container?.logPath)).filter(({ stream }) => (stream === 'stderr' ? stderr : stdout))
  if (container?.state === 'exited') return ended(await said())
  const earlier = await said()
  try {
    const session = await attach()
    return { ...session, output: joined(earlier, session.output) }
  } catch (error) {
    const now = await look()
    if (now?.id !== container?.id || now?.state !== 'exited') throw error
    return ended(await said())
  }
}

function ended(said: readonly OutputChunk[]): Session {
  const nothing = async () => {}
  return { stdin: undefined, output: joined(said), resize: nothing, exitCode: async () => 0, close() {} }
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
  later: AsyncIterable<OutputChunk> | readonly OutputChunk[] = [],
): AsyncGenerator<OutputChunk> {
  yield* earlier
  yield* later
}

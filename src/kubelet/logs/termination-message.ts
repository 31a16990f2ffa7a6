import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { ObservedContainer } from '../runtime/runtime.ts'
import { parseLogLine } from './cri.ts'

/** Upstream MaxContainerTerminationMessageLength, and what is taken of a log instead. */
const messageMaxBytes = 4096
const logMaxBytes = 2048
const logMaxLines = 80

/** What a container left behind to say why it ended; of one that failed, on wish, the end of its log. */
export function readTerminationMessage(
  container: ObservedContainer,
  policy: string | undefined,
): string | undefined {
  const words = container.terminationMessagePath
    ? readTail(container.terminationMessagePath, messageMaxBytes, true)
    : ''
  if (words) return words
  if (policy !== 'FallbackToLogsOnError' || container.exitCode === 0 || !container.logPath) return undefined
  const lines = readTail(container.logPath, logMaxBytes * 2)
    .split('\n')
    .slice(-logMaxLines)
  const text = lines
    .map(line => parseLogLine(line))
    .map(entry => (entry ? `${entry.text}${entry.partial ? '' : '\n'}` : ''))
    .join('')
  return text.slice(-logMaxBytes) || undefined
}

/** The first (`head`) or last bytes of a file; nothing of one that is not there. */
function readTail(file: string, bytes: number, head = false): string {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
  try {
    const { size } = fstatSync(handle)
    const buffer = Buffer.alloc(Math.min(size, bytes))
    readSync(handle, buffer, 0, buffer.length, head ? 0 : size - buffer.length)
    return buffer.toString()
  } finally {
    closeSync(handle)
  }
}

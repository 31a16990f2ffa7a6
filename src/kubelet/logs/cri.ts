/** One line of a log in CRI format: `time stream tag text`. */
export interface LogEntry {
  /** RFC 3339 with nanoseconds, as the engine wrote it. */
  readonly time: string
  readonly stream: 'stdout' | 'stderr'
  /** The container's line goes on in the next entry (tag `P`). */
  readonly partial: boolean
  readonly text: string
}

/** Reads one line without its newline; undefined for what is not in CRI format (a line cut off by a crash). */
export function parseLogLine(line: string): LogEntry | undefined {
  const match = /^(\S+) (stdout|stderr) (\S+) (.*)$/s.exec(line)
  if (!match) return undefined
  const [, time, stream, tag, text] = match as unknown as [string, string, LogEntry['stream'], string, string]
  return { time, stream, partial: tag.split(':')[0] === 'P', text }
}

import type { Clock, LogFields, Logger } from './ports.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

export interface LogOptions {
  /** Lines below this level are dropped; a function is asked for each line. */
  readonly level?: LogLevel | (() => LogLevel)
  /** Receives one line without its newline. Default: standard error. */
  readonly write?: (line: string) => void
}

/** Writes logfmt lines: `time level message key=value …`; values with spaces or quotes are JSON strings. */
export function createLogger(clock: Clock, options: LogOptions = {}, fields: LogFields = {}): Logger {
  const { level: least = 'info' } = options
  const threshold = typeof least === 'string' ? () => levels.indexOf(least) : () => levels.indexOf(least())
  const write = options.write ?? ((line: string) => void process.stderr.write(`${line}\n`))
  const log =
    (level: LogLevel) =>
    (message: string, more: LogFields = {}) => {
      if (levels.indexOf(level) < threshold()) return
      const time = new Date(clock.nowMs()).toISOString()
      write(`${time} ${level.padEnd(5)} ${message}${formatFields({ ...fields, ...more })}`)
    }
  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    with: more => createLogger(clock, options, { ...fields, ...more }),
  }
}

function formatFields(fields: LogFields): string {
  let text = ''
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue
    const shown = typeof value === 'string' && /[\s"=]|^$/.test(value) ? JSON.stringify(value) : String(value)
    text += ` ${key}=${shown}`
  }
  return text
}

/** Discards everything; for tests whose subject is not the log. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLogger,
}

import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Ports } from '../../std/ports.ts'
import { type Backups, backupName, tidyBackups } from './backups.ts'
import { type AuditMode, type BatchOptions, batchEvents } from './batch.ts'
import { auditErrors } from './errors.ts'
import type { AuditEvent, AuditSink } from './event.ts'

/** `-` as the path: standard output. */
export interface AuditLogOptions extends Backups {
  readonly format: 'json' | 'legacy'
  /** The file is moved away when it has grown to this. */
  readonly bytesMax: number
  /** `blocking-strict`: each event is written before its request goes on, which fails when that fails. */
  readonly mode: AuditMode
  readonly batch: BatchOptions
}

export interface AuditBackend {
  readonly sink: AuditSink
  /** Writes what waits. */
  close(): Promise<void>
}

/**
 * Appends one line for each event; blocking ones together once in a turn of the event loop. Rotates as lumberjack does.
 */
export function createAuditLog(
  options: AuditLogOptions,
  ports: Pick<Ports, 'clock' | 'log' | 'metrics'>,
): AuditBackend {
  const { clock, log, metrics } = ports
  const format = options.format === 'legacy' ? legacyLine : jsonLine
  const lost = metrics.counter(auditErrors).with('log')
  const complain = (error: unknown) =>
    log.error('audit events could not be written', { path: options.path, error: String(error) })
  const file = openFile(options, complain)
  let waiting: string[] = []
  const flush = () => {
    if (waiting.length === 0) return true
    const lines = waiting
    waiting = []
    try {
      file.write(Buffer.from(lines.join('')), () => clock.nowMs())
      return true
    } catch (error) {
      lost.inc(lines.length)
      complain(error)
      return false
    }
  }
  const writeBatch = async (batch: readonly AuditEvent[]) => {
    for (const event of batch) waiting.push(format(event))
    flush()
  }
  const batches = options.mode === 'batch' ? batchEvents(writeBatch, options.batch, ports) : undefined
  return {
    sink(event) {
      if (batches) return void batches.add(event)
      const isFirst = waiting.push(format(event)) === 1
      if (options.mode === 'blocking-strict') return Promise.resolve(flush())
      if (isFirst) clock.setTimer(0, flush)
      return undefined
    },
    async close() {
      await batches?.close()
      flush()
      await file.close()
    },
  }
}

function openFile(options: AuditLogOptions, complain: (error: unknown) => void) {
  const { path, bytesMax } = options
  if (path === '-') return { write: (bytes: Buffer) => void writeSync(1, bytes), close: async () => {} }
  let tidying = Promise.resolve()
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  let descriptor = openSync(path, 'a', 0o600)
  let size = fstatSync(descriptor).size
  return {
    write(bytes: Buffer, nowMs: () => number) {
      if (size > 0 && size + bytes.length > bytesMax) {
        closeSync(descriptor)
        renameSync(path, backupName(path, nowMs()))
        descriptor = openSync(path, 'a', 0o600)
        size = 0
        const atMs = nowMs()
        tidying = tidying.then(() => tidyBackups(options, atMs)).catch(complain)
      }
      writeSync(descriptor, bytes)
      size += bytes.length
    },
    async close() {
      closeSync(descriptor)
      await tidying
    },
  }
}

function jsonLine(event: AuditEvent): string {
  return `${JSON.stringify(event)}\n`
}

interface Told {
  readonly user: { readonly username?: string; readonly groups?: readonly string[] }
  readonly impersonatedUser?: Told['user']
  readonly sourceIPs?: readonly string[]
  readonly objectRef?: { readonly namespace?: string }
  readonly responseStatus?: { readonly code: number }
  readonly verb: string
  readonly userAgent: string
  readonly requestURI: string
  readonly requestReceivedTimestamp: string
}

/** Upstream's one-line text. */
function legacyLine(event: AuditEvent): string {
  const told = event as unknown as Told
  const quote = JSON.stringify
  const groups = (list: readonly string[]) => list.map(each => quote(each)).join(',')
  const { user, impersonatedUser: other } = told
  const fields: [string, string][] = [
    ['id', event.auditID],
    ['stage', event.stage],
    ['ip', told.sourceIPs?.[0] ?? '<unknown>'],
    ['method', told.verb],
    ['user', user.username || '<none>'],
    ['groups', user.username && user.groups?.length ? groups(user.groups) : '<none>'],
    ['as', other?.username ?? '<self>'],
    ['asgroups', other?.groups ? groups(other.groups) : '<lookup>'],
    ['user-agent', told.userAgent],
    ['namespace', told.objectRef?.namespace ?? '<none>'],
    ['uri', told.requestURI],
    ['response', String(told.responseStatus?.code ?? '<deferred>')],
  ]
  const text = fields.map(([name, value]) => `${name}=${quote(value)}`).join(' ')
  return `${told.requestReceivedTimestamp} AUDIT: ${text}\n`
}

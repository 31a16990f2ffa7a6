import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import type { Ports } from '../../std/ports.ts'
import type { AuditEvent, AuditSink } from './event.ts'

export interface AuditLogOptions {
  /** `-`: standard output. */
  readonly path: string
  readonly format: 'json' | 'legacy'
  /** The file is moved away when it has grown to this. */
  readonly bytesMax: number
  /** Moved-away files beyond this number go; 0: none does. */
  readonly backupsMax: number
  /** Moved-away files older than this go; 0: none does. */
  readonly ageMaxDays: number
}

export interface AuditBackend {
  readonly sink: AuditSink
  /** Writes what waits. */
  close(): Promise<void>
}

const dayMs = 86_400_000

/** Appends one line for each event, together once in a turn of the event loop; rotates as lumberjack does. */
export function createAuditLog(
  options: AuditLogOptions,
  { clock, log }: Pick<Ports, 'clock' | 'log'>,
): AuditBackend {
  const format = options.format === 'legacy' ? legacyLine : jsonLine
  const file = openFile(options)
  let waiting: string[] = []
  const flush = () => {
    if (waiting.length === 0) return
    const bytes = Buffer.from(waiting.join(''))
    waiting = []
    try {
      file.write(bytes, () => clock.nowMs())
    } catch (error) {
      log.error('audit events could not be written', { path: options.path, error: String(error) })
    }
  }
  return {
    sink(event) {
      if (waiting.push(format(event)) === 1) clock.setTimer(0, flush)
    },
    async close() {
      flush()
      file.close()
    },
  }
}

function openFile(options: AuditLogOptions) {
  const { path, bytesMax } = options
  if (path === '-') return { write: (bytes: Buffer) => void writeSync(1, bytes), close: () => {} }
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
        removeOld(options, nowMs())
      }
      writeSync(descriptor, bytes)
      size += bytes.length
    },
    close: () => closeSync(descriptor),
  }
}

/** `audit-2026-01-02T03-04-05.678.log` */
function backupName(path: string, nowMs: number): string {
  const extension = extname(path)
  const time = new Date(nowMs).toISOString().replace(/:/g, '-').replace('Z', '')
  return join(dirname(path), `${basename(path, extension)}-${time}${extension}`)
}

function removeOld({ path, backupsMax, ageMaxDays }: AuditLogOptions, nowMs: number): void {
  const extension = extname(path)
  const start = `${basename(path, extension)}-`
  const backups = readdirSync(dirname(path))
    .filter(name => name.startsWith(start) && name.endsWith(extension) && /-\d{4}-\d\d-\d\dT/.test(name))
    .sort()
    .toReversed()
    .map(name => join(dirname(path), name))
  const isOld = (file: string) => ageMaxDays > 0 && nowMs - statSync(file).mtimeMs > ageMaxDays * dayMs
  for (const [index, file] of backups.entries()) {
    if ((backupsMax > 0 && index >= backupsMax) || isOld(file)) unlinkSync(file)
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

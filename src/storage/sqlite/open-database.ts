import { Database, SQLiteError } from 'bun:sqlite'
import { closeSync, openSync } from 'node:fs'
import { messageOf } from '../../std/message.ts'
import { StoreOpenError } from '../store.ts'
import { logSchema } from './log-table.ts'

/** "Hutc": marks the file as ours. */
const applicationId = 0x48757463
const schemaVersion = 1
/** A person with `sqlite3` may hold the write lock for a moment. */
const busyTimeoutMs = 250

export interface OpenDatabase {
  readonly database: Database
  /** Releases the database and its lock. */
  close(): void
}

/**
 * Opens the file, or makes it, readable by its owner alone. Throws `StoreOpenError` with one sentence that says what
 * to do; never deletes or repairs anything. `load` reads what the caller needs: damage that it meets is reported alike.
 */
export function openDatabase<T>(
  path: string,
  load: (database: Database) => T,
): OpenDatabase & { readonly loaded: T } {
  const lock = lockFile(path)
  let database: Database | undefined
  try {
    closeSync(openSync(path, 'a', 0o600))
    database = new Database(path)
    prepare(database, path)
    const opened = database
    const close = () => {
      opened.close()
      lock.close()
    }
    return { database, close, loaded: load(database) }
  } catch (error) {
    database?.close()
    lock.close()
    throw toOpenError(path, error)
  }
}

/**
 * One process per store. The lock is an open exclusive transaction on an empty file beside the store, so that it goes
 * with its process, however that ends, and `sqlite3` can still look into the store itself.
 */
function lockFile(path: string): Database {
  let lock: Database | undefined
  try {
    lock = new Database(`${path}.lock`)
    lock.run('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock?.close()
    if (codeOf(error).startsWith('SQLITE_BUSY')) {
      throw new StoreOpenError(
        `${path} is in use by another process: stop that one first, or choose another data directory`,
      )
    }
    throw toOpenError(path, error)
  }
}

function prepare(database: Database, path: string): void {
  database.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
  const id = pragma(database, 'application_id')
  const version = pragma(database, 'user_version')
  const tables = database.query('SELECT count(*) FROM sqlite_schema').values()[0]![0] as number
  if (id !== applicationId && (id !== 0 || tables > 0)) {
    throw new StoreOpenError(`${path} is not a Hutch store: move it away, or choose another data directory`)
  }
  if (version > schemaVersion) {
    throw new StoreOpenError(
      `${path} was written by a newer Hutch (format ${version}): start that version, or restore a backup`,
    )
  }
  // Takes effect only in an empty file; in another it would write for nothing.
  if (tables === 0) database.run('PRAGMA auto_vacuum = INCREMENTAL')
  database.run('PRAGMA journal_mode = WAL')
  database.run('PRAGMA synchronous = FULL')
  database.run(`PRAGMA journal_size_limit = ${4 << 20}`)
  if (tables > 0) return
  database.transaction(() => {
    database.run(logSchema)
    database.run(`PRAGMA application_id = ${applicationId}`)
    database.run(`PRAGMA user_version = ${schemaVersion}`)
  })()
}

function pragma(database: Database, name: string): number {
  return database.query(`PRAGMA ${name}`).values()[0]![0] as number
}

function toOpenError(path: string, error: unknown): Error {
  if (error instanceof StoreOpenError) return error
  const message = messageOf(error)
  const code = codeOf(error)
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return new StoreOpenError(
      `${path} is damaged (${message}): restore it from a backup, or move it away together with its -wal and -shm files to start empty`,
      { cause: error },
    )
  }
  return new StoreOpenError(
    `${path} cannot be opened (${message}): check that its directory exists, is writable and has space`,
    {
      cause: error,
    },
  )
}

function codeOf(error: unknown): string {
  if (error instanceof SQLiteError) return error.code ?? ''
  return ''
}

/** One sentence for a write that the disk refused. */
export function describeWriteError(path: string, error: unknown): string {
  const message = messageOf(error)
  if (codeOf(error) === 'SQLITE_FULL') return `${path} cannot grow (${message}): free some disk space`
  return `${path} cannot be written (${message}): check its disk`
}

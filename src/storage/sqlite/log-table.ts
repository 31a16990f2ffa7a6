import type { Database } from 'bun:sqlite'

/** One write as it lies on disk. */
export interface LogRow {
  readonly revision: number
  readonly key: string
  readonly createRevision: number
  /** Undefined: the key was deleted. */
  readonly value: Uint8Array | undefined
}

export interface LogTransaction {
  readonly insert: readonly LogRow[]
  /** Revisions of rows that nobody can ask for any more. */
  readonly remove: readonly number[]
  readonly meta: Partial<LogMeta>
}

export interface LogMeta {
  /** History at or below this revision is incomplete on disk. */
  readonly floor: number
  /** Revisions up to here may have been given to writes that never reached the disk; 0 after a clean stop. */
  readonly ceiling: number
}

export type ScannedRow = readonly [revision: number, key: string, createRevision: number, deleted: number]

/**
 * The schema: every write is one row under its revision, its value written once, as text that `sqlite3` shows.
 * There is no second index: a write touches the last page of one B-tree, and that is all that it costs.
 */
export const logSchema = `
  CREATE TABLE log (revision INTEGER PRIMARY KEY, key TEXT NOT NULL, created INTEGER NOT NULL, value TEXT);
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE VIEW live AS
    SELECT key, revision, created, value FROM log
    WHERE revision IN (SELECT max(revision) FROM log GROUP BY key) AND value IS NOT NULL;
`

/** Pages that are given back to the file system in one step, and the free ones that are kept for the next writes. */
const vacuumPages = 256
const freePagesKept = 1024

export type LogTable = ReturnType<typeof openLogTable>

/** The statements over one open database; all of them run synchronously. */
export function openLogTable(database: Database) {
  const begin = database.query('BEGIN IMMEDIATE')
  const commit = database.query('COMMIT')
  const insert = database.query('INSERT INTO log VALUES (?, ?, ?, CAST(? AS TEXT))')
  const remove = database.query('DELETE FROM log WHERE revision = ?')
  const setMeta = database.query('INSERT OR REPLACE INTO meta VALUES (?, ?)')
  const value = database.query('SELECT CAST(value AS BLOB) FROM log WHERE revision = ?')

  const apply = (transaction: LogTransaction) => {
    for (const row of transaction.insert)
      insert.run(row.revision, row.key, row.createRevision, row.value ?? null)
    for (const revision of transaction.remove) remove.run(revision)
    for (const [name, number] of Object.entries(transaction.meta)) setMeta.run(name, number)
  }

  return {
    /** Durable when it returns; throws with nothing changed. */
    write(transaction: LogTransaction): void {
      begin.run()
      try {
        apply(transaction)
        commit.run()
      } finally {
        // SQLite has rolled back by itself after some errors, not after all.
        if (database.inTransaction) database.run('ROLLBACK')
      }
    },
    /** The value written at `revision`; undefined when there is no such row. */
    value(revision: number): Uint8Array | undefined {
      const row = value.values(revision)[0] as [Uint8Array | null] | undefined
      return row?.[0] ?? undefined
    },
    /** All rows without their values, oldest first. */
    scan(): Iterable<ScannedRow> {
      const rows = database.query(
        'SELECT revision, key, created, value IS NULL AS deleted FROM log ORDER BY revision',
      )
      return mapRows(
        rows.iterate() as Iterable<{ revision: number; key: string; created: number; deleted: number }>,
      )
    },
    meta(): LogMeta {
      const rows = database.query('SELECT name, value FROM meta').values() as [string, number][]
      return { floor: 0, ceiling: 0, ...Object.fromEntries(rows) }
    },
    /** Gives some free pages back when there are many. */
    shrink(): void {
      const [[free]] = database.query('PRAGMA freelist_count').values() as [[number]]
      if (free > freePagesKept) database.run(`PRAGMA incremental_vacuum(${vacuumPages})`)
    },
  }
}

function* mapRows(
  rows: Iterable<{ revision: number; key: string; created: number; deleted: number }>,
): Iterable<ScannedRow> {
  for (const row of rows) yield [row.revision, row.key, row.created, row.deleted]
}

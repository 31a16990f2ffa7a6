import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Dial } from '../../server/egress/dial.ts'
import type { Ports } from '../../std/ports.ts'
import { openMemoryStore } from '../../storage/memory/memory-store.ts'
import type { Store } from '../../storage/store.ts'
import { UserError } from '../user-error.ts'
import { openEtcd } from './datastore.ts'
import { isOlderThanEncryption } from './encryption.ts'
import type { ServerSettings } from './settings.ts'

/** Opens the chosen store, an etcd over `dial`. SQLite and etcd's client are loaded only where they are used. */
export async function openStore(
  settings: ServerSettings,
  ports: Ports,
  dial: Dial | undefined,
): Promise<Store> {
  const { databasePath, inMemory, etcd } = settings
  const { clock, log } = ports
  if (etcd) return openEtcd(etcd, { ports, dial })
  if (inMemory) return openMemoryStore({ clock, log })
  try {
    mkdirSync(dirname(databasePath), { recursive: true, mode: 0o700 })
    chmodSync(dirname(databasePath), 0o700)
  } catch (error) {
    throw new UserError(
      `cannot write to the data directory: ${(error as Error).message}`,
      'Choose another with --data-dir, or run as root.',
    )
  }
  const erases = isOlderThanEncryption(settings)
  const { openSqliteStore } = await import('../../storage/sqlite/sqlite-store.ts')
  try {
    return openSqliteStore({ path: databasePath, clock, log, erases })
  } catch (error) {
    if (error instanceof Error && error.name === 'StoreOpenError') throw new UserError(error.message)
    throw error
  }
}

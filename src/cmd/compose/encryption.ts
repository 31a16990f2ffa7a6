import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { readEncryptionConfiguration } from '../../server/encryption/configuration.ts'
import { type EncryptedStore, encryptedStore } from '../../server/encryption/encrypted-store.ts'
import { defaultEncryption, encryptionRules } from '../../server/encryption/open-encryption.ts'
import { identityOf } from '../../server/identity-lease.ts'
import { writePrivate } from '../../server/pki/files.ts'
import type { Ports } from '../../std/ports.ts'
import type { Store } from '../../storage/store.ts'
import { openConfiguredFile } from './configured-file.ts'
import type { ServerSettings } from './settings.ts'

const flag = 'encryption-provider-config'

/**
 * The store with its values sealed as `--encryption-provider-config` says; without it Secrets are, under a key that is
 * made at the first start and kept beside the certificates, for root alone. The file is read again when it changes.
 */
export async function openEncryption(
  store: Store,
  settings: ServerSettings,
  ports: Ports,
  signal: AbortSignal,
): Promise<EncryptedStore> {
  const { encryptionConfig, dataDir } = settings
  const path = encryptionConfig ?? ensureDefault(dataDir, ports)
  const sealed = encryptedStore(store, [], ports)
  const setup = { ports, serverId: identityOf(hostname()) }
  const apply = async (text: string) => {
    const configuration = readEncryptionConfiguration(text)
    sealed.configure(await encryptionRules(configuration, setup))
  }
  const told = encryptionConfig ? { told: { subsystem: 'encryption', stability: 'ALPHA' } as const } : {}
  await openConfiguredFile({ path, flag, apply, ...told }, ports, signal)
  return sealed
}

/** Whether the database is older than its encryption: what was plain shall not stay in its free pages. */
export function isOlderThanEncryption({ databasePath, dataDir }: ServerSettings): boolean {
  return existsSync(databasePath) && !existsSync(defaultPath(dataDir))
}

function defaultPath(dataDir: string): string {
  return join(dataDir, 'server/encryption-config.yaml')
}

function ensureDefault(dataDir: string, ports: Ports): string {
  const path = defaultPath(dataDir)
  if (!existsSync(path)) writePrivate(path, defaultEncryption(ports))
  return path
}

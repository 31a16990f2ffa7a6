import { createCipheriv, createDecipheriv, scryptSync } from 'node:crypto'
import { join } from 'node:path'
import { newBootstrapToken, parseJoinToken } from '../../server/bootstrap/join-token.ts'
import type { Dial } from '../../server/egress/dial.ts'
import { readIfPresent, writePrivate } from '../../server/pki/files.ts'
import { caNames } from '../../server/pki/profiles.ts'
import type { Ports } from '../../std/ports.ts'
import { CasError, type Store } from '../../storage/store.ts'
import { UserError } from '../user-error.ts'
import { openEtcdBootstrap } from './datastore.ts'
import type { ServerSettings } from './settings.ts'

/** What all servers of a cluster have in common, below the data directory. Keys say whether two are the same. */
const keyFiles = [...caNames.map(name => `server/tls/${name}.key`), 'server/tls/service.key']
const certificateFiles = caNames.map(name => `server/tls/${name}.crt`)
const encryptionFile = 'server/encryption-config.yaml'
const tokenFile = 'server/token'

/** In the store, beside the objects. */
const place = '/secrets'

interface Sealed {
  /** All base64. */
  readonly salt: string
  readonly nonce: string
  readonly tag: string
  readonly text: string
}

type Files = Readonly<Record<string, string>>

export interface SharedSecrets {
  /** To be called once this server's own files are there: those of a first server become everybody's. */
  publish(): Promise<void>
}

/**
 * Gives a server that joins a cluster on one etcd the authorities, the key of service accounts and the key of encryption
 * that the first one made, sealed with the join token as k3s does. Throws `UserError` where the token does not open them,
 * or where this data directory belongs to another cluster.
 */
export async function shareSecrets(
  settings: ServerSettings,
  ports: Ports,
  dial: Dial | undefined,
): Promise<SharedSecrets> {
  const { etcd, dataDir, joinToken } = settings
  if (!etcd) return { publish: async () => {} }
  const store = await openEtcdBootstrap(etcd, { ports, dial })
  try {
    const found = await store.get(place)
    const token = tokenOf(dataDir, joinToken, found !== undefined, ports)
    if (found) adopt(settings, open(found.value, token))
    return {
      publish: async () => {
        const opened = await openEtcdBootstrap(etcd, { ports, dial })
        await publish(opened, settings, token, ports).finally(() => opened.close())
      },
    }
  } finally {
    await store.close()
  }
}

/** The secret part of the join token; a first server without one makes it. */
function tokenOf(
  dataDir: string,
  given: string | undefined,
  isBegun: boolean,
  { random }: Pick<Ports, 'random'>,
): string {
  const path = join(dataDir, tokenFile)
  const text = given ?? readIfPresent(path)
  if (text !== undefined) return parseJoinToken(text).secret
  if (isBegun)
    throw new UserError(
      'the etcd holds a cluster already, and its servers share their keys by its join token',
      `Give it with --token: it is in DATA-DIR/${tokenFile} of any of them.`,
    )
  const made = newBootstrapToken(random)
  writePrivate(path, `${made.id}.${made.secret}\n`)
  return made.secret
}

/** Takes over what is missing here; keys of another cluster are never replaced. */
function adopt({ dataDir }: ServerSettings, files: Files): void {
  const differing = [...keyFiles, encryptionFile].filter(name => {
    const own = readIfPresent(join(dataDir, name))
    return own !== undefined && files[name] !== undefined && own.trim() !== files[name].trim()
  })
  if (differing.length > 0)
    throw new UserError(
      `${dataDir} and the etcd belong to different clusters: ${differing.join(', ')} differ`,
      'Choose another --data-dir, or another --etcd-prefix.',
    )
  for (const [name, text] of Object.entries(files)) {
    const path = join(dataDir, name)
    if (readIfPresent(path) === undefined) writePrivate(path, text)
  }
}

async function publish(store: Store, settings: ServerSettings, token: string, ports: Ports): Promise<void> {
  const found = await store.get(place)
  const value = seal(ownFiles(settings), token, ports)
  try {
    if (!found) await store.write({ key: place, value, expected: 0 })
    else adopt(settings, open(found.value, token))
  } catch (error) {
    if (!(error instanceof CasError)) throw error
    throw new UserError('another server has begun this cluster at the same moment', 'Start this one again.')
  }
}

function ownFiles({ dataDir, encryptionConfig }: ServerSettings): Files {
  const names = [
    ...keyFiles,
    ...certificateFiles,
    ...(encryptionConfig === undefined ? [encryptionFile] : []),
  ]
  return Object.fromEntries(
    names.flatMap(name => {
      const text = readIfPresent(join(dataDir, name))
      return text === undefined ? [] : [[name, text] as const]
    }),
  )
}

function seal(files: Files, token: string, { random }: Pick<Ports, 'random'>): Uint8Array {
  const salt = Buffer.from(random.bytes(16))
  const nonce = Buffer.from(random.bytes(12))
  const cipher = createCipheriv('aes-256-gcm', scryptSync(token, salt, 32), nonce)
  const text = Buffer.concat([cipher.update(JSON.stringify(files)), cipher.final()])
  const parts = { salt, nonce, tag: cipher.getAuthTag(), text }
  const sealed = Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [name, part.toString('base64')]),
  )
  return Buffer.from(JSON.stringify(sealed))
}

function open(value: Uint8Array, token: string): Files {
  const parts = JSON.parse(Buffer.from(value).toString()) as Sealed
  const of = (name: keyof Sealed) => Buffer.from(parts[name], 'base64')
  const decipher = createDecipheriv('aes-256-gcm', scryptSync(token, of('salt'), 32), of('nonce'))
  decipher.setAuthTag(of('tag'))
  try {
    return JSON.parse(Buffer.concat([decipher.update(of('text')), decipher.final()]).toString()) as Files
  } catch (error) {
    throw new UserError(
      `the join token does not open what the servers of this cluster share: ${(error as Error).message}`,
      `Give with --token what is in DATA-DIR/${tokenFile} of another server.`,
    )
  }
}

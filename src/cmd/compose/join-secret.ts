import { join } from 'node:path'
import { secrets } from '../../api/core/secret.ts'
import { type Client, createClient } from '../../client/client.ts'
import { isNotFound, orUndefined } from '../../client/failure.ts'
import { bootstrapTokenNamespace, bootstrapTokenSecretName } from '../../server/authn/bootstrap-token.ts'
import { componentUsers } from '../../server/authn/identity.ts'
import {
  formatJoinToken,
  type JoinToken,
  newBootstrapToken,
  parseJoinToken,
  tokenSecret,
} from '../../server/bootstrap/join-token.ts'
import { readIfPresent, writePrivate } from '../../server/pki/files.ts'
import type { Ports } from '../../std/ports.ts'
import { UserError } from '../user-error.ts'
import type { ControlPlane } from './control-plane.ts'

/** `<data>/server/token`: what agents join with; `node-token` says the same, as k3s has both. */
const files = ['server/token', 'server/node-token']

/**
 * Makes the server's own join token good: the one that was given, else the kept one, else a new one. It is kept in
 * `<data>/server/token` (mode 0600) and as a Secret without expiry. Another token than before ends the earlier one.
 */
export async function ensureJoinToken(
  plane: ControlPlane,
  { dataDir, given }: { readonly dataDir: string; readonly given: string | undefined },
  { random }: Pick<Ports, 'random'>,
): Promise<void> {
  const [path = '', ...copies] = files.map(file => join(dataDir, file))
  const keptText = readIfPresent(path)
  const kept = keptText === undefined ? undefined : parsed(keptText, `Remove ${path} to have a new one made.`)
  const wanted = given === undefined ? (kept ?? newBootstrapToken(random)) : parsed(given, 'Check --token.')
  const client = createClient(plane.as(componentUsers.server))
  if (kept && kept.id !== wanted.id) await dropToken(client, kept.id)
  await keepToken(client, wanted)
  const text = `${formatJoinToken(wanted, plane.pki.authorities['server-ca'].certificate)}\n`
  for (const file of [path, ...copies]) if (readIfPresent(file) !== text) writePrivate(file, text)
}

function parsed(text: string, hint: string): JoinToken {
  try {
    return parseJoinToken(text)
  } catch (error) {
    throw new UserError((error as Error).message, hint, 2)
  }
}

async function keepToken(client: Client, token: JoinToken): Promise<void> {
  const wanted = tokenSecret(token, { description: 'join token of the server' })
  const name = bootstrapTokenSecretName(token.id)
  const present = await orUndefined(client.get(secrets, bootstrapTokenNamespace, name))
  if (!present) await client.create(secrets, wanted)
  else if (!Bun.deepEquals(present.data, wanted.data)) {
    await client.update(secrets, { ...present, data: wanted.data })
  }
}

async function dropToken(client: Client, id: string): Promise<void> {
  try {
    await client.delete(secrets, bootstrapTokenNamespace, bootstrapTokenSecretName(id))
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

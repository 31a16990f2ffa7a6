import { readFileSync } from 'node:fs'
import { secrets } from '../../api/core/secret.ts'
import type { Secret } from '../../api/types/core-v1.gen.ts'
import { type Client, createClient } from '../../client/client.ts'
import { createHttpTransport, type HttpIdentity } from '../../client/http-transport.ts'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { parseDuration } from '../../machinery/codec/duration.ts'
import { DecodeError } from '../../machinery/codec/errors.ts'
import { StatusError } from '../../machinery/status/status.ts'
import {
  bootstrapTokenNamespace,
  bootstrapTokenSecretName,
  bootstrapTokenType,
} from '../../server/authn/bootstrap-token.ts'
import {
  formatJoinToken,
  newBootstrapToken,
  parseJoinToken,
  tokenSecret,
} from '../../server/bootstrap/join-token.ts'
import { createLogger } from '../../std/log.ts'
import { realClock, realPorts } from '../../std/real-ports.ts'
import type { Command } from '../command.ts'
import type { Flag, FlagValues } from '../flags.ts'
import { type FlagReader, flagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import { hutchVersion } from '../version.ts'

const ttlCheck = (text: string) => void ttlMs(text)

const tokenFlags: readonly Flag[] = [
  {
    name: 'kubeconfig',
    type: 'string',
    placeholder: 'FILE',
    default: '/etc/hutch/hutch.yaml',
    help: "the administrator's kubeconfig",
  },
  {
    name: 'ttl',
    type: 'string',
    placeholder: 'TIME',
    default: '24h',
    help: 'create: how long the token is good, such as 30m or 24h; 0 is for ever',
    check: ttlCheck,
  },
  { name: 'description', type: 'string', placeholder: 'TEXT', help: 'create: what the token is for' },
]

export const tokenCommand: Command = {
  name: 'token',
  summary: 'Make, list and delete the tokens that agents join with',
  examples: [
    'sudo hutch token create',
    'sudo hutch token create --ttl 1h --description "rack 7"',
    'sudo hutch token delete ID',
  ],
  words: 'create|list|delete ID',
  flags: tokenFlags,
  async run(values: FlagValues, words) {
    const [verb = '', ...rest] = words
    const action = Object.hasOwn(actions, verb) ? actions[verb] : undefined
    if (!action) {
      const said = verb ? `unknown word "${verb}" after "hutch token"` : 'what shall "hutch token" do?'
      throw new UserError(said, 'Use "hutch token create", "hutch token list" or "hutch token delete ID".', 2)
    }
    const flags = flagReader(values)
    const identity = administrator(flags.text('kubeconfig'))
    const log = createLogger(realClock, { level: 'warn' })
    const transport = createHttpTransport({
      identity: () => identity,
      ports: realPorts(log),
      userAgent: `hutch/${hutchVersion}`,
    })
    try {
      await action({ client: createClient(transport), identity, flags, words: rest })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      throw new UserError(
        `${identity.server} answered: ${error.message}`,
        'Is the server running, and the kubeconfig its own?',
      )
    }
  },
}

interface Action {
  readonly client: Client
  readonly identity: HttpIdentity
  readonly flags: FlagReader
  readonly words: readonly string[]
}

const actions: Readonly<Record<string, (action: Action) => Promise<void>>> = { create, list, delete: remove }

/** Prints one line: the token with the hash of the cluster's CA, ready for `hutch agent --token`. */
async function create({ client, identity, flags, words }: Action): Promise<void> {
  if (words.length > 0) throw new UserError(`unexpected "${words[0]}"`, 'The token is made, not given.', 2)
  const lifeMs = ttlMs(flags.text('ttl'))
  const { clock, random } = realPorts()
  const token = newBootstrapToken(random)
  const description = flags.optional('description')
  const secret = tokenSecret(token, {
    ...(description !== undefined && { description }),
    ...(lifeMs > 0 && { expiration: toTimestamp(clock.nowMs() + lifeMs) }),
  })
  await client.create(secrets, secret)
  process.stdout.write(`${formatJoinToken(token, identity.caPem ?? '')}\n`)
}

async function list({ client }: Action): Promise<void> {
  const found = await client.list(secrets, {
    namespace: bootstrapTokenNamespace,
    fieldSelector: `type=${bootstrapTokenType}`,
  })
  const rows = found.items.map(secret => tokenRow(secret, realClock.nowMs()))
  const table = [['ID', 'TTL', 'EXPIRES', 'DESCRIPTION'], ...rows]
  const widths = table[0]!.map((_, column) => Math.max(...table.map(row => row[column]!.length)))
  for (const row of table) {
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('   ')
        .trimEnd()}\n`,
    )
  }
}

/** Secrets of tokens are not shown: whoever lists need not be who hands them out. */
function tokenRow({ data = {} }: Secret, nowMs: number): string[] {
  const read = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString()
  const expires = read('expiration')
  return [
    read('token-id'),
    expires ? lifeLeft(Date.parse(expires) - nowMs) : '<forever>',
    expires || '<never>',
    read('description') || '<none>',
  ]
}

function lifeLeft(leftMs: number): string {
  if (!(leftMs > 0)) return '<expired>'
  const minutes = Math.floor(leftMs / 60_000)
  if (minutes < 1) return `${Math.floor(leftMs / 1000)}s`
  return minutes < 120 ? `${minutes}m` : `${Math.floor(minutes / 60)}h`
}

async function remove({ client, words }: Action): Promise<void> {
  if (words.length === 0)
    throw new UserError('which token shall be deleted?', 'Give the ID that "hutch token list" shows.', 2)
  for (const word of words) {
    const id = tokenId(word)
    await client.delete(secrets, bootstrapTokenNamespace, bootstrapTokenSecretName(id))
    process.stdout.write(`token "${id}" deleted\n`)
  }
}

function tokenId(word: string): string {
  if (/^[a-z0-9]{6}$/.test(word)) return word
  try {
    return parseJoinToken(word).id
  } catch (error) {
    throw new UserError(
      `"${word}" is no token: ${(error as Error).message}`,
      'Give the ID that "hutch token list" shows.',
      2,
    )
  }
}

/** Milliseconds of a Go duration; 0: for ever. */
function ttlMs(text: string): number {
  try {
    const ms = Number(parseDuration(text) / 1_000_000n)
    if (ms >= 0) return ms
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
  }
  throw new Error(`"${text}" is not a time such as 30m or 24h`)
}

function administrator(path: string): HttpIdentity {
  try {
    return readKubeconfig(readFileSync(path, 'utf8'), { readFile: file => readFileSync(file, 'utf8') })
  } catch (error) {
    throw new UserError(
      `cannot use the kubeconfig ${path}: ${(error as Error).message}`,
      'Name another with --kubeconfig, or run as root on the server.',
    )
  }
}

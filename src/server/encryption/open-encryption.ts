import { parseDuration } from '../../machinery/codec/duration.ts'
import type { Ports } from '../../std/ports.ts'
import { cbcCipher, gcmCipher, secretboxCipher } from './ciphers.ts'
import type { EncryptionConfiguration, EncryptionKey, ProviderConfiguration } from './configuration.ts'
import type { Rule } from './encrypted-store.ts'
import { firstOf } from './first-of.ts'
import { kmsProvider } from './kms.ts'
import { kmsMeter } from './kms-meter.ts'
import { connectKms } from './kms-service.ts'
import { type TransformMeter, transformMeter } from './meter.ts'
import { folderOf } from './patterns.ts'
import { identityProvider, type KeyCipher, keyOf, type Provider } from './provider.ts'

export interface EncryptionSetup {
  readonly ports: Pick<Ports, 'clock' | 'random' | 'log' | 'metrics'>
  /** Of this API server: its metrics name it. */
  readonly serverId: string
}

/** Builds what a checked configuration asks for; rejects when a plugin cannot be reached. */
export async function encryptionRules(
  { resources }: EncryptionConfiguration,
  setup: EncryptionSetup,
): Promise<readonly Rule[]> {
  const meter = transformMeter(setup.ports)
  const unknown = (place: string) => `no provider of the encryption configuration can read ${place}`
  return Promise.all(
    resources.map(async ({ resources: patterns, providers: given }) => {
      const providers = await Promise.all(given.map(each => openProvider(each, setup, meter)))
      return { folders: patterns.map(folderOf), providers, ...firstOf(providers, { meter, unknown }) }
    }),
  )
}

async function openProvider(
  given: ProviderConfiguration,
  { ports, serverId }: EncryptionSetup,
  meter: TransformMeter,
): Promise<Provider> {
  const { random, clock } = ports
  const { aescbc, aesgcm, secretbox, kms } = given
  if (aescbc) return keyed('aescbc', aescbc.keys, key => cbcCipher(key, random), meter)
  if (aesgcm) return keyed('aesgcm', aesgcm.keys, key => gcmCipher(key, random), meter)
  if (secretbox) return keyed('secretbox', secretbox.keys, key => secretboxCipher(key, random), meter)
  if (!kms) return identityProvider
  const { endpoint = '', timeout = '3s', name = '' } = kms
  const timeoutMs = Number(parseDuration(timeout) / 1_000_000n)
  const told = kmsMeter(ports, serverId, name)
  const service = await connectKms({ endpoint, timeoutMs, clock, meter: told })
  return kmsProvider({ name, service, ports, meter: told })
}

async function keyed(
  kind: string,
  keys: readonly EncryptionKey[] = [],
  cipher: (key: Uint8Array) => KeyCipher | Promise<KeyCipher>,
  meter: TransformMeter,
): Promise<Provider> {
  const named = keys.map(async ({ name = '', secret = '' }) =>
    keyOf(name, await cipher(Buffer.from(secret, 'base64'))),
  )
  const unknown = () => 'no matching key was found for the provided AES transformer'
  return { prefix: `k8s:enc:${kind}:v1:`, ...firstOf(await Promise.all(named), { meter, unknown }) }
}

/** The configuration of a new cluster: Secrets under a key of its own; what was plain before is read, and sealed. */
export function defaultEncryption({ random }: Pick<Ports, 'random'>): string {
  const secret = Buffer.from(random.bytes(32)).toString('base64')
  return [
    'apiVersion: apiserver.config.k8s.io/v1',
    'kind: EncryptionConfiguration',
    'resources:',
    '- resources: [secrets]',
    '  providers:',
    `  - secretbox: { keys: [{ name: key1, secret: ${secret} }] }`,
    '  - identity: {}',
    '',
  ].join('\n')
}

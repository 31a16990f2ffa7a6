import { parseDuration } from '../../machinery/codec/duration.ts'
import type { Ports } from '../../std/ports.ts'
import { cbcCipher, gcmCipher, secretboxCipher } from './ciphers.ts'
import type { EncryptionConfiguration, EncryptionKey, ProviderConfiguration } from './configuration.ts'
import type { Rule } from './encrypted-store.ts'
import { kmsProvider } from './kms.ts'
import { connectKms } from './kms-service.ts'
import { folderOf } from './patterns.ts'
import { identityProvider, type KeyCipher, keyedProvider, type Provider } from './provider.ts'

type EncryptionPorts = Pick<Ports, 'clock' | 'random' | 'log'>

/** Builds what a checked configuration asks for; rejects when a plugin cannot be reached. */
export async function encryptionRules(
  { resources }: EncryptionConfiguration,
  ports: EncryptionPorts,
): Promise<readonly Rule[]> {
  return Promise.all(
    resources.map(async ({ resources: patterns, providers }) => ({
      folders: patterns.map(folderOf),
      providers: await Promise.all(providers.map(provider => openProvider(provider, ports))),
    })),
  )
}

async function openProvider(given: ProviderConfiguration, ports: EncryptionPorts): Promise<Provider> {
  const { random } = ports
  if (given.aescbc) return keyed('aescbc', given.aescbc.keys, key => cbcCipher(key, random))
  if (given.aesgcm) return keyed('aesgcm', given.aesgcm.keys, key => gcmCipher(key, random))
  if (given.secretbox) return keyed('secretbox', given.secretbox.keys, key => secretboxCipher(key, random))
  if (!given.kms) return identityProvider
  const { endpoint = '', timeout = '3s', name = '' } = given.kms
  const service = await connectKms(endpoint, Number(parseDuration(timeout) / 1_000_000n), ports.clock)
  return kmsProvider({ name, service, ports })
}

async function keyed(
  kind: string,
  keys: readonly EncryptionKey[] = [],
  cipher: (key: Uint8Array) => KeyCipher | Promise<KeyCipher>,
): Promise<Provider> {
  const ciphers = keys.map(async ({ name = '', secret = '' }) => {
    return [name, await cipher(Buffer.from(secret, 'base64'))] as const
  })
  return keyedProvider(`k8s:enc:${kind}:v1:`, await Promise.all(ciphers))
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

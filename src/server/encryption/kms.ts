import { createHmac } from 'node:crypto'
import type { Cancel, Ports } from '../../std/ports.ts'
import {
  annotationsAt,
  bytesAt,
  decodeMessage,
  encodeAnnotations,
  encodeMessage,
  textAt,
} from '../local-grpc/message.ts'
import { gcmCipher, openGcm } from './ciphers.ts'
import type { KmsService, Wrapped } from './kms-service.ts'
import { DecryptError, type Opened, type Provider } from './provider.ts'

const seedBytes = 32
const infoBytes = 32
/** Stored in the envelope: a seed that a key is derived from for each write, or a key itself (older envelopes). */
const seedSource = 1
const statusEveryMs = 60_000
/** A seed is used for writing so long after the plugin was last well (upstream's state expiry). */
const stateLifeMs = 180_000
const seedsMax = 1024

interface State {
  readonly seed: Uint8Array
  readonly wrapped: Wrapped
  readonly expiresMs: number
}

export interface KmsOptions {
  readonly name: string
  readonly service: KmsService
  readonly ports: Pick<Ports, 'clock' | 'random' | 'log'>
}

/**
 * Envelope encryption with a key management plugin (KEP-3299): values are sealed here with keys derived from a seed;
 * the plugin wraps the seed, and is asked again only for a new key of its own and for seeds that are not known yet.
 */
export async function kmsProvider({ name, service, ports }: KmsOptions): Promise<Provider> {
  const { clock, random, log } = ports
  const prefix = `k8s:enc:kms:v2:${name}:`
  const seeds = new Map<string, Uint8Array>()
  let trouble: string | undefined
  let state = await renew(undefined)
  let cancel: Cancel = clock.setTimer(statusEveryMs, () => void poll())

  async function renew(known: State | undefined): Promise<State> {
    const { healthz, keyId, version } = await service.status()
    if (healthz !== 'ok') throw new Error(`got unexpected healthz status: ${healthz}`)
    if (version !== 'v2' && version !== 'v2beta1')
      throw new Error(`expected KMSv2 API version v2, got ${version}`)
    const expiresMs = clock.monotonicMs() + stateLifeMs
    if (known?.wrapped.keyId === keyId) return { ...known, expiresMs }
    const seed = random.bytes(seedBytes)
    const wrapped = await service.encrypt(seed, random.uuid())
    remember(wrapped.ciphertext, seed)
    return { seed, wrapped, expiresMs }
  }

  async function poll(): Promise<void> {
    try {
      state = await renew(state)
      trouble = undefined
    } catch (error) {
      trouble = (error as Error).message
      log.error('the KMS plugin is not well', { name, error: trouble })
    }
    cancel = clock.setTimer(statusEveryMs, () => void poll())
  }

  function remember(ciphertext: Uint8Array, seed: Uint8Array): void {
    if (seeds.size >= seedsMax) seeds.delete(seeds.keys().next().value!)
    seeds.set(Buffer.from(ciphertext).toString('base64'), seed)
  }

  return {
    prefix,
    check: () => trouble,
    close() {
      cancel()
      service.close()
    },
    seal(place, plain) {
      const { seed, wrapped, expiresMs } = state
      if (clock.monotonicMs() > expiresMs)
        throw new Error(`the KMS plugin ${name} has not been well for too long`)
      const info = random.bytes(infoBytes)
      const sealed = gcmCipher(expand(seed, info), random).seal(place, plain)
      return Buffer.concat([Buffer.from(prefix), writeEnvelope(Buffer.concat([info, sealed]), wrapped)])
    },
    open(place, stored) {
      const envelope = readEnvelope(stored.subarray(prefix.length), place)
      const finish = (source: Uint8Array): Opened => ({
        plain: unseal(envelope, source, { place, name }),
        isStale: envelope.wrapped.keyId !== state.wrapped.keyId,
      })
      const known = seeds.get(Buffer.from(envelope.wrapped.ciphertext).toString('base64'))
      if (known) return finish(known)
      return service.decrypt(envelope.wrapped, random.uuid()).then(source => {
        remember(envelope.wrapped.ciphertext, source)
        return finish(source)
      })
    },
  }
}

interface Envelope {
  readonly data: Uint8Array
  readonly wrapped: Wrapped
  readonly isSeed: boolean
}

function writeEnvelope(data: Uint8Array, { keyId, ciphertext, annotations }: Wrapped): Buffer {
  return encodeMessage({ 1: data, 2: keyId, 3: ciphertext, 4: encodeAnnotations(annotations), 5: seedSource })
}

function readEnvelope(bytes: Uint8Array, place: string): Envelope {
  try {
    const message = decodeMessage(bytes)
    const annotations = annotationsAt(message, 4)
    const wrapped = { ciphertext: bytesAt(message, 3), keyId: textAt(message, 2), annotations }
    return { data: bytesAt(message, 1), wrapped, isSeed: message.get(5)?.[0] === seedSource }
  } catch (error) {
    throw new DecryptError(`the envelope of ${place} cannot be read`, { cause: error })
  }
}

function unseal(
  { data, isSeed }: Envelope,
  source: Uint8Array,
  { place, name }: { readonly place: string; readonly name: string },
): Uint8Array {
  try {
    if (!isSeed) return openGcm(source, place, data)
    return openGcm(expand(source, data.subarray(0, infoBytes)), place, data.subarray(infoBytes))
  } catch (error) {
    throw new DecryptError(`the value of ${place} cannot be opened with the key of ${name}`, { cause: error })
  }
}

/** The first 32 bytes of HKDF-Expand (RFC 5869) with SHA-256: one round. */
function expand(seed: Uint8Array, info: Uint8Array): Uint8Array {
  return createHmac('sha256', seed).update(info).update(Uint8Array.of(1)).digest()
}

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
import type { KmsMeter } from './kms-meter.ts'
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
  readonly meter: KmsMeter
}

/**
 * Envelope encryption with a key management plugin (KEP-3299): values are sealed here with keys derived from a seed;
 * the plugin wraps the seed, and is asked again only for a new key of its own and for seeds that are not known yet.
 */
export async function kmsProvider({ name, service, ports, meter }: KmsOptions): Promise<Provider> {
  const { clock, random, log } = ports
  const prefix = `k8s:enc:kms:v2:${name}:`
  const seeds = knownSeeds({ name, service, ports, meter })
  let trouble: string | undefined
  let state = await renew(undefined)
  let cancel: Cancel = clock.setTimer(statusEveryMs, () => void poll())

  async function renew(known: State | undefined): Promise<State> {
    const { healthz, keyId, version } = await service.status()
    if (healthz !== 'ok') throw new Error(`got unexpected healthz status: ${healthz}`)
    if (version !== 'v2' && version !== 'v2beta1')
      throw new Error(`expected KMSv2 API version v2, got ${version}`)
    checkKeyId(keyId, meter)
    const expiresMs = clock.monotonicMs() + stateLifeMs
    meter.keyNamed(keyId)
    if (known?.wrapped.keyId === keyId) return { ...known, expiresMs }
    const seed = random.bytes(seedBytes)
    const wrapped = await service.encrypt(seed, random.uuid())
    checkWrapped(wrapped, keyId)
    seeds.remember(wrapped, seed)
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
      meter.keyUsed('to_storage', wrapped.keyId)
      return writeEnvelope(Buffer.concat([info, sealed]), wrapped)
    },
    open(place, stored) {
      const envelope = readEnvelope(stored, place)
      const { keyId } = envelope.wrapped
      const finish = (source: Uint8Array): Opened => {
        meter.keyUsed('from_storage', keyId)
        return { plain: unseal(envelope, source, { place, name }), isStale: keyId !== state.wrapped.keyId }
      }
      const seed = seeds.of(envelope.wrapped)
      return seed instanceof Promise ? seed.then(finish) : finish(seed)
    },
  }
}

/** Seeds that the plugin has unwrapped, and those that it is asked for now: once, however many values are read. */
function knownSeeds({ service, ports: { random }, meter }: KmsOptions) {
  const known = new Map<string, Uint8Array>()
  const asked = new Map<string, Promise<Uint8Array>>()
  const nameOf = ({ ciphertext }: Wrapped) => Buffer.from(ciphertext).toString('base64')
  const remember = (wrapped: Wrapped, seed: Uint8Array) => {
    if (known.size >= seedsMax) known.delete(known.keys().next().value!)
    known.set(nameOf(wrapped), seed)
    meter.seedsKnown(known.size)
  }
  const ask = async (wrapped: Wrapped) => {
    meter.seedMissed()
    const seed = await service.decrypt(wrapped, random.uuid())
    remember(wrapped, seed)
    return seed
  }
  return {
    remember,
    of(wrapped: Wrapped): Uint8Array | Promise<Uint8Array> {
      const name = nameOf(wrapped)
      const seed = known.get(name) ?? asked.get(name)
      if (seed) return seed
      const answer = ask(wrapped).finally(() => asked.delete(name))
      asked.set(name, answer)
      return answer
    },
  }
}

const keyIdBytesMax = 1024
const ciphertextBytesMax = 1024

function checkKeyId(keyId: string, meter: KmsMeter): void {
  const bytes = Buffer.byteLength(keyId)
  if (bytes > 0 && bytes <= keyIdBytesMax) return
  meter.keyInvalid(bytes === 0 ? 'empty' : 'too_long')
  const why = bytes === 0 ? 'is empty' : `is ${bytes} bytes, which exceeds the max size of ${keyIdBytesMax}`
  throw new Error(`got invalid KMSv2 KeyID: keyID ${why}`)
}

/** What a plugin made of a seed is stored with every value. */
function checkWrapped({ ciphertext, keyId }: Wrapped, expected: string): void {
  const { length } = ciphertext
  if (length === 0 || length > ciphertextBytesMax)
    throw new Error(
      `failed to validate encrypted DEK source: it has ${length} bytes, of 1 to ${ciphertextBytesMax}`,
    )
  if (keyId !== expected)
    throw new Error(`failed to rotate DEK: the plugin is at key "${expected}" and encrypted with "${keyId}"`)
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

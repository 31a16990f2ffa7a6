import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Random } from '../../std/ports.ts'
import type { KeyCipher } from './provider.ts'

const ivBytes = 16
const gcmNonceBytes = 12
const gcmTagBytes = 16
const secretboxNonceBytes = 24

type Bytes = Pick<Random, 'bytes'>

function name(key: Uint8Array, mode: 'cbc' | 'gcm') {
  return `aes-${(key.length * 8) as 128 | 192 | 256}-${mode}` as const
}

/** AES-CBC with a random start and PKCS #7 padding. */
export function cbcCipher(key: Uint8Array, random: Bytes): KeyCipher {
  return {
    seal(_place, plain) {
      const iv = random.bytes(ivBytes)
      const cipher = createCipheriv(name(key, 'cbc'), key, iv)
      return Buffer.concat([iv, cipher.update(plain), cipher.final()])
    },
    open(_place, sealed) {
      const cipher = createDecipheriv(name(key, 'cbc'), key, sealed.subarray(0, ivBytes))
      return Buffer.concat([cipher.update(sealed.subarray(ivBytes)), cipher.final()])
    },
  }
}

/** AES-GCM with a random nonce; the place of the value is authenticated with it. */
export function gcmCipher(key: Uint8Array, random: Bytes): KeyCipher {
  return {
    seal(place, plain) {
      const nonce = random.bytes(gcmNonceBytes)
      const cipher = createCipheriv(name(key, 'gcm') as 'aes-256-gcm', key, nonce)
      cipher.setAAD(Buffer.from(place))
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    },
    open: (place, sealed) => openGcm(key, place, sealed),
  }
}

/** What `gcmCipher` sealed with this key at this place; throws when it was another or the value was changed. */
export function openGcm(key: Uint8Array, place: string, sealed: Uint8Array): Uint8Array {
  if (sealed.length < gcmNonceBytes + gcmTagBytes)
    throw new Error('the stored data was shorter than the required size')
  const cipher = createDecipheriv(name(key, 'gcm') as 'aes-256-gcm', key, sealed.subarray(0, gcmNonceBytes))
  cipher.setAAD(Buffer.from(place))
  cipher.setAuthTag(sealed.subarray(-gcmTagBytes))
  return Buffer.concat([cipher.update(sealed.subarray(gcmNonceBytes, -gcmTagBytes)), cipher.final()])
}

/** NaCl's secretbox (XSalsa20 and Poly1305); its library is loaded where it is used. */
export async function secretboxCipher(key: Uint8Array, random: Bytes): Promise<KeyCipher> {
  const { xsalsa20poly1305 } = await import('@noble/ciphers/salsa.js')
  return {
    seal(_place, plain) {
      const nonce = random.bytes(secretboxNonceBytes)
      return Buffer.concat([nonce, xsalsa20poly1305(key, nonce).encrypt(plain)])
    },
    open: (_place, sealed) =>
      xsalsa20poly1305(key, sealed.subarray(0, secretboxNonceBytes)).decrypt(
        sealed.subarray(secretboxNonceBytes),
      ),
  }
}

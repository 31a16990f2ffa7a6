/** What a stored value holds, and whether it should be written anew with the key of today. */
export interface Opened {
  readonly plain: Uint8Array
  readonly isStale: boolean
}

/** Keeps values secret. `place` is the key in the store; a value moved to another place cannot be opened there. */
export interface Transformer {
  seal(place: string, plain: Uint8Array): Uint8Array
  open(place: string, stored: Uint8Array): Opened | Promise<Opened>
}

/**
 * One way to keep values secret. Stored forms are upstream's (apiserver storage/value/encrypt): a prefix that says
 * who wrote it, then the key's name, then the ciphertext. It seals and opens what comes after its prefix.
 */
export interface Provider extends Transformer {
  /** `k8s:enc:aescbc:v1:`; empty for what is kept as it is. */
  readonly prefix: string
  /** Undefined when it works. */
  check?(): string | undefined
  close?(): void
}

/** A value that no provider can open, or one that was changed. */
export class DecryptError extends Error {
  override name = 'DecryptError'
}

/** What every sealed value of any provider begins with. */
const sealedPrefix = 'k8s:enc:'

/** Keeps values as they are. */
export const identityProvider: Provider = {
  prefix: '',
  seal: (_place, plain) => plain,
  open(_place, stored) {
    if (startsWith(stored, sealedPrefix))
      throw new DecryptError('identity transformer tried to read encrypted data')
    return { plain: stored, isStale: false }
  },
}

export function startsWith(bytes: Uint8Array, text: string): boolean {
  return (
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, text.length)).toString('latin1') ===
    text
  )
}

/** How one key seals; `open` throws when the value was changed or the key is another. */
export interface KeyCipher {
  seal(place: string, plain: Uint8Array): Uint8Array
  open(place: string, sealed: Uint8Array): Uint8Array
}

/** A named key as one of several, under the prefix of its name. */
export function keyOf(name: string, cipher: KeyCipher): Provider {
  return {
    prefix: `${name}:`,
    seal: cipher.seal,
    open(place, sealed) {
      try {
        return { plain: cipher.open(place, sealed), isStale: false }
      } catch (error) {
        throw new DecryptError(`the value of ${place} cannot be opened with key ${name}`, { cause: error })
      }
    },
  }
}

/** SHA-256 of a text. */
export function digest(text: string): Buffer {
  return new Bun.CryptoHasher('sha256').update(text).digest() as Buffer
}

/** SHA-256 of a text. */
export function digest(text: string): Buffer {
  return new Bun.CryptoHasher('sha256').update(text).digest() as Buffer
}

/** Names a document by its text, as upstream does: SHA-512 in capital hexadecimal digits. */
export function etagOf(text: string): string {
  return new Bun.CryptoHasher('sha512').update(text).digest('hex').toUpperCase()
}

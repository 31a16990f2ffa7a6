const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** Quotes as Go's `%q` does: what upstream's messages put around names and values. */
export function quote(text: string): string {
  return `"${text.replace(unprintable, escapeChar)}"`
}

/** Quotes as Go's package time does, which shows the bytes of what is not ASCII. */
export function quoteTime(text: string): string {
  return `"${text.replace(/["\\]|[^ -\x7f]/gu, escapeTime)}"`
}

function escapeTime(char: string): string {
  if (char === '"' || char === '\\') return `\\${char}`
  return [...Buffer.from(char)].map(byte => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}

const unprintable =
  /["\\\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu

function escapeChar(char: string): string {
  const known = escapes[char]
  if (known) return known
  const code = char.codePointAt(0) ?? 0
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\U${code.toString(16).padStart(8, '0')}`
}

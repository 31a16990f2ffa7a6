const simple: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
}

const sequence = /^(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/

/** A string or bytes literal's inside without its escapes; undefined where one of them is wrong. */
export function readEscapes(inner: string, isBytes: boolean): string | Uint8Array | undefined {
  if (!inner.includes('\\')) return inner
  const parts: (string | number)[] = []
  for (let index = 0; index < inner.length; index++) {
    if (inner[index] !== '\\') {
      const character = String.fromCodePoint(inner.codePointAt(index)!)
      parts.push(character)
      index += character.length - 1
      continue
    }
    const read = readEscape(inner.slice(index + 1), isBytes)
    if (!read) return undefined
    parts.push(read.value)
    index += read.length
  }
  if (!isBytes)
    return parts.map(part => (typeof part === 'number' ? String.fromCodePoint(part) : part)).join('')
  const encoder = new TextEncoder()
  return Uint8Array.from(
    parts.flatMap(part => (typeof part === 'number' ? [part] : [...encoder.encode(part)])),
  )
}

function readEscape(
  rest: string,
  isBytes: boolean,
): { readonly value: string | number; readonly length: number } | undefined {
  const known = simple[rest[0] ?? '']
  if (known !== undefined) return { value: known, length: 1 }
  const match = sequence.exec(rest)
  if (!match) return undefined
  const [whole, hex, short, long, octal] = match
  const code = octal === undefined ? Number.parseInt(hex ?? short ?? long!, 16) : Number.parseInt(octal, 8)
  if (isBytes && (short ?? long) !== undefined) return undefined
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined
  return { value: code, length: whole.length }
}

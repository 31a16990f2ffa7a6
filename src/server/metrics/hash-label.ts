import { createHash } from 'node:crypto'

/** A text as metrics name it whose values are nobody's business, or too long: `sha256:…`; nothing stays nothing. */
export function hashLabel(text: string): string {
  return text === '' ? '' : `sha256:${createHash('sha256').update(text).digest('hex')}`
}

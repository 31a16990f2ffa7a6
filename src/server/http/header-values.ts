import type { RequestContext } from '../context.ts'

type Heard = Pick<RequestContext, 'headers' | 'rawHeaders'>

/** Every value of a header as it was sent, one for each line: a comma within a value stays in it. */
export function headerValues({ headers, rawHeaders }: Heard, name: string): string[] {
  const joined = headers[name]
  if (joined === undefined) return []
  const raw = rawHeaders?.()
  if (!raw) return [joined]
  const values: string[] = []
  for (let index = 0; index + 1 < raw.length; index += 2) {
    if (raw[index]!.toLowerCase() === name) values.push(raw[index + 1]!)
  }
  return values
}

/** Headers that begin with `prefix`: what follows it, percent-decoded, and their values. */
export function prefixedValues(heard: Heard, prefix: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const name in heard.headers) {
    if (name.startsWith(prefix)) found.set(decodeKey(name.slice(prefix.length)), headerValues(heard, name))
  }
  return found
}

/** A key that is not percent-encoded right stands for itself, as upstream takes it. */
function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

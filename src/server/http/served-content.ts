import { randomBytes } from 'node:crypto'

/** What a request says of a page that it may know: RFC 9110, as Go's http.ServeContent answers it. */
export interface Content {
  readonly bytes: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  /** With its quotes. */
  readonly etag?: string | undefined
  readonly modifiedMs: number
}

/** Condition headers of a request, by their lower-case names. */
export type Conditions = (name: string) => string | undefined

export interface Served {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
}

const nothing = new Uint8Array()
/** Upstream's file server offers parts, though nobody asks for any. */
const offersRanges = { 'accept-ranges': 'bytes' }

/** Which answer the conditions leave; without the bytes, which may be long in the making: undefined, all of them. */
export function unlessKnown(
  asked: Conditions,
  { headers, etag, modifiedMs }: Omit<Content, 'bytes'>,
): Served | undefined {
  const status = judge(asked, etag, modifiedMs)
  if (status === undefined) return undefined
  const { 'content-type': type, ...rest } = headers
  // Of a page without a tag the type is found last.
  const typed: Record<string, string> = status === 412 && etag && type ? { 'content-type': type } : {}
  const dated: Record<string, string> =
    etag === undefined || status !== 304 ? { 'last-modified': httpDate(modifiedMs) } : {}
  return { status, headers: { ...rest, ...typed, ...tagged(etag), ...dated }, bytes: nothing }
}

/** The bytes, or the part of them that was asked for. */
export function serveContent(asked: Conditions, content: Content): Served {
  const { bytes, etag, modifiedMs } = content
  const known = unlessKnown(asked, content)
  if (known) return known
  const dated = { 'last-modified': httpDate(modifiedMs) }
  const headers = { ...content.headers, ...tagged(etag), ...dated, ...offersRanges }
  const range = asked('range')
  if (!range || !holdsRange(asked('if-range'), etag, modifiedMs)) return { status: 200, headers, bytes }
  const part = readRange(range, bytes.length)
  if (typeof part === 'string') return unsatisfied(part, content)
  if (!part) return { status: 200, headers, bytes }
  if (part.length > 1) return severalParts(part, { ...content, headers })
  const [start, end] = part[0]!
  return {
    status: 206,
    headers: { ...headers, 'content-range': rangeText([start, end], bytes) },
    bytes: bytes.subarray(start, end),
  }
}

type Place = readonly [start: number, end: number]

function rangeText([start, end]: Place, { length }: Uint8Array): string {
  return `bytes ${start}-${end - 1}/${length}`
}

/** multipart/byteranges of RFC 9110. */
function severalParts(
  places: readonly Place[],
  { bytes, headers }: Pick<Content, 'bytes' | 'headers'>,
): Served {
  const boundary = randomBytes(30).toString('hex')
  const type = headers['content-type'] ?? ''
  const parts = places.flatMap((place, index) => [
    `${index > 0 ? '\r\n' : ''}--${boundary}\r\nContent-Range: ${rangeText(place, bytes)}\r\nContent-Type: ${type}\r\n\r\n`,
    bytes.subarray(...place),
  ])
  return {
    status: 206,
    headers: { ...headers, 'content-type': `multipart/byteranges; boundary=${boundary}` },
    bytes: Buffer.concat([...parts, `\r\n--${boundary}--\r\n`].map(part => Buffer.from(part as string))),
  }
}

const tagged = (etag: string | undefined): Record<string, string> => (etag === undefined ? {} : { etag })
const httpDate = (ms: number) => new Date(ms).toUTCString()
const seconds = (ms: number) => Math.floor(ms / 1000)

function judge(asked: Conditions, etag: string | undefined, modifiedMs: number): 304 | 412 | undefined {
  const [match, since] = [asked('if-match'), dateOf(asked('if-unmodified-since'))]
  if (match ? !names(match, etag, true) : since !== undefined && seconds(modifiedMs) > seconds(since))
    return 412
  const noneMatch = asked('if-none-match')
  if (noneMatch) return names(noneMatch, etag, false) ? 304 : undefined
  const modifiedSince = dateOf(asked('if-modified-since'))
  return modifiedSince !== undefined && seconds(modifiedMs) <= seconds(modifiedSince) ? 304 : undefined
}

/** Whether a list of tags holds this one; a weak one is no strong one. */
function names(list: string, etag: string | undefined, isStrong: boolean): boolean {
  let rest = list.trimStart()
  for (;;) {
    rest = rest.replace(/^[\s,]+/, '')
    if (rest === '') return false
    if (rest.startsWith('*')) return true
    const found = /^(W\/)?("[!#-~\x80-\uffff]*")/.exec(rest)
    if (!found) return false
    if (found[2] === etag && !(isStrong && found[1])) return true
    rest = rest.slice(found[0].length)
  }
}

function dateOf(text: string | undefined): number | undefined {
  const ms = text ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

function holdsRange(condition: string | undefined, etag: string | undefined, modifiedMs: number): boolean {
  if (!condition) return true
  if (condition.startsWith('"')) return condition === etag
  const at = dateOf(condition)
  return at !== undefined && seconds(at) === seconds(modifiedMs)
}

/** Where the parts lie; undefined: all of it, also where the parts are more than that; a text says what is wrong. */
function readRange(range: string, size: number): readonly Place[] | string | undefined {
  if (!range.startsWith('bytes=')) return 'invalid range'
  const parts = range
    .slice('bytes='.length)
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
  const read = parts.map(part => /^(\d*)\s*-\s*(\d*)$/.exec(part))
  if (read.some(found => !found || (found[1] === '' && found[2] === ''))) return 'invalid range'
  const places = read.map(found => placeOf(found![1]!, found![2]!, size))
  if (places.some(([start, end]) => end < start)) return 'invalid range'
  const inside = places.filter(([start]) => start < size)
  if (places.length > 0 && inside.length === 0) return 'invalid range: failed to overlap'
  const sum = inside.reduce((total, [start, end]) => total + end - start, 0)
  return inside.length > 0 && sum <= size ? inside : undefined
}

function placeOf(first: string, last: string, size: number): [number, number] {
  if (first === '') return [Math.max(0, size - Number(last)), size]
  const start = Number(first)
  if (last === '' || start >= size) return [start, Math.max(size, start)]
  return [start, Number(last) < start ? start - 1 : Math.min(Number(last) + 1, size)]
}

function unsatisfied(why: string, { headers, bytes }: Content): Served {
  const { vary } = headers
  return {
    status: 416,
    headers: {
      ...(vary !== undefined && { vary }),
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      ...(why === 'invalid range: failed to overlap' && { 'content-range': `bytes */${bytes.length}` }),
    },
    bytes: Buffer.from(`${why}\n`),
  }
}

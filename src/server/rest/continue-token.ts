import { posix } from 'node:path'
import { DecodeError, parseLoose } from '../../machinery/codec/index.ts'
import { jsonKind } from '../../machinery/meta/json.ts'
import { badRequest } from '../../machinery/status/errors.ts'

/** Where a list goes on: at `start` (a key below the collection), as of `revision`; negative is the newest one. */
export interface ContinueToken {
  readonly revision: number
  /** With all its digits. */
  readonly spelled: string
  readonly start: string
  /** What lies at `start` itself was sent before. */
  readonly isAfter: boolean
}

const format = 'meta.k8s.io/v1'

/** Opaque to clients; the shape is upstream's (apiserver pkg/storage/continue.go): `start` is inclusive there. */
export function encodeContinue({ revision, start, isAfter }: Omit<ContinueToken, 'spelled'>): string {
  const text = JSON.stringify({ v: format, rv: revision, start: isAfter ? `${start}\u0000` : start })
  return Buffer.from(text).toString('base64url')
}

/** 400 for what this server cannot have handed out, in the words of Go's decoders. */
export function decodeContinue(text: string): ContinueToken {
  const { v, rv, start } = parse(text)
  if (v !== format) throw invalidToken(`: server does not recognize this encoded version ${v}`)
  if (rv === '0') throw invalidToken(': incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  if (start === '') throw invalidToken(': encoded start key empty (version meta.k8s.io/v1)')
  const key = start.startsWith('/') ? start : `/${start}`
  if (cleaned(key) !== key) throw invalidToken(`: ${start}`)
  const isAfter = key.endsWith('\u0000')
  return { revision: Number(rv), spelled: rv, start: isAfter ? key.slice(1, -1) : key.slice(1), isAfter }
}

/** Go's path.Clean. */
function cleaned(path: string): string {
  const normal = posix.normalize(path)
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal
}

interface Parsed {
  readonly v: string
  readonly rv: string
  readonly start: string
}

function parse(text: string): Parsed {
  const at = badBase64At(text)
  if (at !== undefined) throw invalidToken(`: illegal base64 data at input byte ${at}`)
  try {
    return readToken(parseLoose(Buffer.from(text, 'base64url')))
  } catch (error) {
    throw error instanceof DecodeError ? invalidToken(`: ${error.message}`) : error
  }
}

/** Members by the letters of their names, large or small, as Go finds the fields of a struct. */
function readToken(value: unknown): Parsed {
  const token = { v: '', rv: '0', start: '' }
  if (value === null) return token
  if (typeof value !== 'object' || Array.isArray(value))
    throw mistyped(value, 'value of type storage.continueToken')
  const members = Object.entries(value).map(([name, inner]) => [name.toLowerCase(), inner] as const)
  for (const [name, inner] of members) {
    if (inner === null) continue
    if (name === 'rv') token.rv = readRevision(inner)
    if (name === 'v' || name === 'start') token[name] = readText(inner, name)
  }
  return token
}

function readText(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw mistyped(value, `struct field continueToken.${name} of type string`)
}

const integer = /^-?\d+$/
const revisionMax = 2n ** 63n

function readRevision(value: unknown): string {
  const place = 'struct field continueToken.rv of type int64'
  if (jsonKind(value) !== 'number') throw mistyped(value, place)
  const text = typeof value === 'symbol' ? value.description! : String(value)
  const isRead = integer.test(text) && BigInt(text) < revisionMax && BigInt(text) >= -revisionMax
  if (!isRead) throw new DecodeError(`json: cannot unmarshal number ${text} into Go ${place}`)
  return text === '-0' ? '0' : text
}

function mistyped(value: unknown, place: string): DecodeError {
  return new DecodeError(`json: cannot unmarshal ${jsonKind(value)} into Go ${place}`)
}

/** Where Go's RawURLEncoding stops: a foreign character, or a last group of one. */
function badBase64At(text: string): number | undefined {
  const foreign = text.search(/[^\w-]/)
  if (foreign >= 0) return foreign
  return text.length % 4 === 1 ? text.length - 1 : undefined
}

function invalidToken(detail: string) {
  return badRequest(`invalid continue token: continue key is not valid${detail}`)
}

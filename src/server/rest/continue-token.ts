import { posix } from 'node:path'
import { DecodeError, parseJson } from '../../machinery/codec/index.ts'
import { badRequest } from '../../machinery/status/errors.ts'

/** Where a list goes on: after `start` (a key below the collection), at `revision`; -1 is the newest one. */
export interface ContinueToken {
  readonly revision: number
  readonly start: string
}

const format = 'meta.k8s.io/v1'

/** Opaque to clients; the shape is upstream's (apiserver pkg/storage/continue.go): `start` is inclusive there. */
export function encodeContinue({ revision, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: format, rv: revision, start: `${start}\u0000` })).toString(
    'base64url',
  )
}

/** 400 for what this server cannot have handed out, in the words of Go's decoders. */
export function decodeContinue(text: string): ContinueToken {
  const { v, rv, start } = parse(text)
  if (v !== format) throw invalidToken(`: server does not recognize this encoded version ${v}`)
  if (rv === 0) throw invalidToken(': incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  if (start === '') throw invalidToken(': encoded start key empty (version meta.k8s.io/v1)')
  if (posix.normalize(start) !== start || start.startsWith('..')) throw invalidToken(`: ${start}`)
  return { revision: rv, start: start.endsWith('\u0000') ? start.slice(0, -1) : start }
}

interface Parsed {
  readonly v: string
  readonly rv: number
  readonly start: string
}

function parse(text: string): Parsed {
  const at = badBase64At(text)
  if (at !== undefined) throw invalidToken(`: illegal base64 data at input byte ${at}`)
  try {
    const value = parseJson(Buffer.from(text, 'base64url')) as Partial<Record<keyof Parsed, unknown>> | null
    const { v, rv, start } = value ?? {}
    return { v: String(v ?? ''), rv: Number(rv ?? 0), start: String(start ?? '') }
  } catch (error) {
    throw error instanceof DecodeError ? invalidToken(`: ${error.message}`) : error
  }
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

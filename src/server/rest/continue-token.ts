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

/** 400 for what this server cannot have handed out. */
export function decodeContinue(text: string): ContinueToken {
  const token = parse(text)
  if (token?.v !== format) throw invalidToken('server does not recognize this encoded version')
  const { rv, start } = token
  if (typeof rv !== 'number' || rv === 0)
    throw invalidToken('incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  if (typeof start !== 'string' || start === '' || start.includes('..')) {
    throw invalidToken('encoded start key empty (version meta.k8s.io/v1)')
  }
  return { revision: rv, start: start.endsWith('\u0000') ? start.slice(0, -1) : start }
}

function parse(text: string): { v?: unknown; rv?: unknown; start?: unknown } | undefined {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as { v?: unknown }
  } catch (error) {
    throw invalidToken(String(error))
  }
}

function invalidToken(detail: string) {
  return badRequest(`continue key is not valid: ${detail}`)
}

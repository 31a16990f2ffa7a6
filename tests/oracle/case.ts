/** One request, the same bytes for both servers. Cases of a track run in order: later ones may stand on earlier ones. */
export interface OracleCase {
  readonly name: string
  readonly method: string
  /** `{{name}}` in path, headers and body stands for what an earlier case of the track kept. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** The answer is a stream: only this many events of it are read. */
  readonly events?: number
  /** Asked again, for a while, until both sides answer with this status. */
  readonly until?: number
  /** Asked beside those before and behind it that say so too: what only waits needs no turn of its own. */
  readonly isAside?: boolean
  /** What the body says is each server's own: status and headers are compared. */
  readonly isHeadOnly?: boolean
  /** The text itself is compared, line breaks and all. */
  readonly isLayout?: boolean
  /** The answer is a document about the API: what a client learns from it is compared. */
  readonly isDocument?: boolean
  /** Parts of a JSON answer that later cases of the same side need, by dotted path. */
  readonly keep?: Readonly<Record<string, string>>
  /** Headers of the answer that later cases of the same side need. */
  readonly keepHeaders?: Readonly<Record<string, string>>
}

/** Cases that stand on each other; tracks have nothing to do with each other and run side by side. */
export interface Track {
  readonly name: string
  readonly cases: readonly OracleCase[]
}

/** What came back, as far as it is compared. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

export const cbor = 'application/cbor'
export const protobuf = 'application/vnd.kubernetes.protobuf'
export const patchTypes = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

export function json(value: unknown): string {
  return JSON.stringify(value)
}

/** A question without a body, for one media type where it matters. */
export function get(name: string, path: string, accept?: string): OracleCase {
  return { name, method: 'GET', path, ...(accept && { headers: { accept } }) }
}

/** `body` goes as JSON; text goes as it is. */
export function send(method: string, name: string, path: string, body: unknown): OracleCase {
  return { name, method, path, headers: jsonHeaders, body: typeof body === 'string' ? body : json(body) }
}

export function patch(name: string, path: string, type: keyof typeof patchTypes, body: unknown): OracleCase {
  return {
    name,
    method: 'PATCH',
    path,
    headers: { 'content-type': patchTypes[type] },
    body: typeof body === 'string' ? body : json(body),
  }
}

export const jsonHeaders = { 'content-type': 'application/json' }

/** One request, the same bytes for both servers. Cases run in order: later ones may stand on earlier ones. */
export interface OracleCase {
  readonly name: string
  readonly method: string
  /** `{{name}}` in path and body stands for what an earlier case kept. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** The answer is a stream: only this many lines of it are read. */
  readonly lines?: number
  /** Parts of a JSON answer that later cases of the same side need, by dotted path. */
  readonly keep?: Readonly<Record<string, string>>
}

/** What came back, as far as it is compared. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

export const jsonHeaders = { 'content-type': 'application/json' }
export const protobuf = 'application/vnd.kubernetes.protobuf'

export function json(value: unknown): string {
  return JSON.stringify(value)
}

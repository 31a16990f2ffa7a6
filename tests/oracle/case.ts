/** One request, the same bytes for both servers. Cases run in order: later ones may stand on earlier ones. */
export interface OracleCase {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The answer is a stream: only this many lines of it are read. */
  readonly lines?: number
}

/** What came back, as far as it is compared. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

export const jsonHeaders = { 'content-type': 'application/json' }

export function json(value: unknown): string {
  return JSON.stringify(value)
}

/** An answer that is not a stream of its own. */
export interface ApiAnswer {
  readonly code: number
  readonly type: string
  readonly body: string | AsyncIterable<string | Uint8Array>
}

/** A request that cannot be served. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export function textAnswer(body: string, type = 'text/plain; charset=utf-8'): ApiAnswer {
  return { code: 200, type, body }
}

export function jsonAnswer(object: object): ApiAnswer {
  return { code: 200, type: 'application/json', body: JSON.stringify(object) }
}

interface HostileRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** A request that takes a server long. */
export interface HostileCase {
  readonly name: string
  request(round: number): HostileRequest
  /** What the request began is over when nothing is found here any more. */
  readonly until?: string
  /** So many of it at once. Default: one. */
  readonly times?: number
  /** Watches that are open meanwhile. */
  readonly watched?: { readonly path: string; readonly times: number }
}

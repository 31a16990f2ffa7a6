/** The `Status` object that a server answers with instead of a resource (meta/v1 Status). */
export interface Status {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number }
  status: 'Success' | 'Failure'
  message?: string
  reason?: StatusReason
  details?: StatusDetails
  code: number
}

export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

export interface StatusCause {
  reason?: string
  message?: string
  field?: string
}

/** meta/v1 StatusReason. */
export type StatusReason =
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Invalid'
  | 'ServerTimeout'
  | 'Timeout'
  | 'TooManyRequests'
  | 'BadRequest'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'InternalError'
  | 'Expired'
  | 'ServiceUnavailable'
  | 'NotImplemented'

/**
 * A failure that a client is told about. Thrown anywhere below the HTTP front, in process it reaches the
 * caller as it is. The constructors in `errors.ts` carry upstream's texts (apimachinery api/errors).
 */
export class StatusError extends Error {
  override name = 'StatusError'
  readonly status: Status
  /** What goes with it over the wire. */
  headers?: Readonly<Record<string, string>>
  /** Nobody negotiates any more: over the wire it is a line of JSON that does not say what it is. */
  isBare?: boolean
  constructor(status: Status) {
    super(status.message ?? status.reason ?? 'unknown')
    this.status = status
  }
  get code(): number {
    return this.status.code
  }
  get reason(): StatusReason | undefined {
    return this.status.reason
  }
}

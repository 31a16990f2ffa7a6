export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

/** A piece of work that is written down with its time. */
export interface Span {
  set(attributes: SpanAttributes): void
  /** The first call counts. */
  end(): void
}

export interface SpanStart {
  readonly kind?: 'server' | 'client'
  readonly attributes?: SpanAttributes
  /** A W3C `traceparent` of the caller. */
  readonly remote?: string | undefined
  /** Whether the caller's trace goes on; otherwise a new one begins that names it. */
  readonly continues?: boolean
}

/** Spans as OpenTelemetry has them; whatever runs in a span's work becomes its child. */
export interface Tracing {
  start(name: string, options?: SpanStart): Span
  /** Runs work in a span that is open already. */
  run<T>(span: Span, work: () => T): T
  /** Runs work in a span of its own, which ends with it. */
  within<T>(name: string, attributes: SpanAttributes, work: () => Promise<T>): Promise<T>
  /** What an outgoing request tells of the current span. */
  traceparent(): string | undefined
  /** Sends what waits. */
  close(): Promise<void>
}

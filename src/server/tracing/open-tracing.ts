import { AsyncLocalStorage } from 'node:async_hooks'
import type { Context, Span as OtelSpan, SpanContext } from '@opentelemetry/api'
import type { Logger } from '../../std/ports.ts'
import { collectorUrl, defaultEndpoint, type TracingConfiguration } from './configuration.ts'
import type { Span, Tracing } from './tracing.ts'

const million = 1_000_000
const parentPattern = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/

interface OwnSpan extends Span {
  readonly context: Context
  readonly otel: OtelSpan
}

/** Names of the process in its traces. */
export interface TracedProcess {
  readonly service: string
  readonly instance: string
  readonly log: Logger
}

/**
 * Sends spans to the collector of `configuration` in batches. The OpenTelemetry packages are loaded only here, when
 * somebody wants traces.
 */
export async function openTracing(
  { endpoint = defaultEndpoint, samplingRatePerMillion = 0 }: TracingConfiguration,
  { service, instance, log }: TracedProcess,
): Promise<Tracing> {
  const { ROOT_CONTEXT, SpanKind, trace } = await import('@opentelemetry/api')
  const {
    AlwaysOffSampler,
    BatchSpanProcessor,
    ParentBasedSampler,
    TraceIdRatioBasedSampler,
    TracerProvider,
  } = await import('@opentelemetry/sdk-trace')
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-grpc')
  const { resourceFromAttributes } = await import('@opentelemetry/resources')
  const { credentials } = await import('@grpc/grpc-js')
  const exporter = new OTLPTraceExporter({
    url: collectorUrl(endpoint),
    credentials: credentials.createInsecure(),
  })
  const root =
    samplingRatePerMillion > 0
      ? new TraceIdRatioBasedSampler(samplingRatePerMillion / million)
      : new AlwaysOffSampler()
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.instance.id': instance }),
    sampler: new ParentBasedSampler({ root }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('k8s.io/apiserver')
  const current = new AsyncLocalStorage<OwnSpan>()
  const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL }
  const tracing: Tracing = {
    start(name, { kind, attributes = {}, remote, continues = false } = {}) {
      const inside = current.getStore()?.context ?? ROOT_CONTEXT
      const caller = remote === undefined ? undefined : parentOf(remote)
      const parent = caller && continues ? trace.setSpanContext(inside, caller) : inside
      const links = caller && !continues ? [{ context: caller }] : []
      const otel = tracer.startSpan(name, { kind: kinds[kind ?? 'internal'], attributes, links }, parent)
      return {
        otel,
        context: trace.setSpan(inside, otel),
        set: more => void otel.setAttributes(more),
        end() {
          if (otel.isRecording()) otel.end()
        },
      } as OwnSpan
    },
    run: (span, work) => current.run(span as OwnSpan, work),
    async within(name, attributes, work) {
      const span = tracing.start(name, { attributes })
      try {
        return await tracing.run(span, work)
      } finally {
        span.end()
      }
    },
    traceparent() {
      const context = current.getStore()?.otel.spanContext()
      return context && `00-${context.traceId}-${context.spanId}-0${context.traceFlags & 1}`
    },
    async close() {
      try {
        await provider.shutdown()
      } catch (error) {
        log.warn('the last traces could not be sent', { error: String(error) })
      }
    },
  }
  return tracing
}

function parentOf(traceparent: string): SpanContext | undefined {
  const [, traceId, spanId, flags] = parentPattern.exec(traceparent) ?? []
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
}

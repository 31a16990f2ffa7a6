/** A receiver of OTLP traces over gRPC, as the collector of OpenTelemetry is one. */
import { Server, ServerCredentials } from '@grpc/grpc-js'
import protobuf from 'protobufjs'

/** Of opentelemetry/proto/trace/v1 and its kin, what is looked at here. */
const schema = `syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated Pair attributes = 1; }
message ScopeSpans { repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; repeated Pair attributes = 9; repeated Event events = 11;
}
message Event { string name = 2; }
message Pair { string key = 1; Value value = 2; }
message Value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; }`

export interface HeardSpan {
  readonly trace: string
  readonly id: string
  readonly parent: string
  readonly name: string
  readonly kind: number
  readonly start: number
  readonly attributes: Readonly<Record<string, string>>
}

interface Pair {
  readonly key: string
  readonly value?: { readonly stringValue?: string; readonly boolValue?: boolean; readonly intValue?: string }
}
interface Decoded {
  readonly resourceSpans?: readonly {
    readonly scopeSpans?: readonly { readonly spans?: readonly DecodedSpan[] }[]
  }[]
}
interface DecodedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind?: number
  readonly startTimeUnixNano: string
  readonly attributes?: readonly Pair[]
}

const hex = (text = '') => Buffer.from(text, 'base64').toString('hex')
const bytes = { requestSerialize: Buffer.from, requestDeserialize: (each: Buffer) => each }
const exportTraces = {
  path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  ...{ requestStream: false, responseStream: false, ...bytes },
  responseSerialize: () => Buffer.alloc(0),
  responseDeserialize: () => ({}),
}

function toHeard({
  traceId,
  spanId,
  parentSpanId,
  name,
  kind = 0,
  startTimeUnixNano,
  attributes = [],
}: DecodedSpan): HeardSpan {
  const values = attributes.map(({ key, value = {} }) => {
    const text = value.stringValue ?? value.intValue ?? value.boolValue ?? ''
    return [key, String(text)]
  })
  return {
    ...{ trace: hex(traceId), id: hex(spanId), parent: hex(parentSpanId), name, kind },
    start: Number(startTimeUnixNano),
    attributes: Object.fromEntries(values),
  }
}

/** Listens on loopback; `spans` are those that were heard until now. */
export async function startCollector() {
  const { root } = protobuf.parse(schema)
  const request = root.lookupType('Request')
  const spans: HeardSpan[] = []
  const server = new Server()
  server.addService({ Export: exportTraces } as never, {
    Export(call: { request: Buffer }, answer: (error: null, reply: object) => void) {
      const plain = request.toObject(request.decode(call.request), {
        bytes: String,
        longs: String,
      }) as Decoded
      for (const { scopeSpans = [] } of plain.resourceSpans ?? [])
        for (const scope of scopeSpans) spans.push(...(scope.spans ?? []).map(toHeard))
      answer(null, {})
    },
  })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  return { port, spans, close: () => server.forceShutdown() }
}

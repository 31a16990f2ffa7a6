import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { silentLogger } from '../../std/log.ts'
import { startTestServer } from '../testing.ts'
import { readTracingConfiguration } from './configuration.ts'
import { openTracing } from './open-tracing.ts'

const bytes = { requestSerialize: Buffer.from, requestDeserialize: (each: Buffer) => each }
const exportTraces = {
  path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  ...{ requestStream: false, responseStream: false, ...bytes },
  responseSerialize: () => Buffer.alloc(0),
  responseDeserialize: () => ({}),
}

let collector: Server
let port = 0
/** What the collector was sent, as the text that is in it. */
let heard = ''

beforeAll(async () => {
  collector = new Server()
  collector.addService({ Export: exportTraces } as never, {
    Export(call: { request: Buffer }, answer: (error: null, reply: object) => void) {
      heard += call.request.toString('latin1')
      answer(null, {})
    },
  })
  port = await new Promise<number>((resolve, reject) =>
    collector.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
}, 120_000)

afterAll(() => collector.forceShutdown(), 120_000)

const configuration = (rate: number) =>
  readTracingConfiguration(
    `apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nendpoint: 127.0.0.1:${port}\nsamplingRatePerMillion: ${rate}`,
  )

/** What a collector hears of one write by `authorization`, with these headers. */
async function trace(rate: number, authorization: string, headers: Record<string, string> = {}) {
  heard = ''
  const named = { service: 'apiserver', instance: 'one', log: silentLogger }
  const tracing = await openTracing(configuration(rate), named)
  const server = await startTestServer({ tracing })
  const { port: api } = await server.listen({ host: '127.0.0.1', port: 0 })
  const response = await fetch(`http://127.0.0.1:${api}/api/v1/namespaces/default/configmaps`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'traced' } }),
  })
  expect(response.status).toBe(201)
  await response.text()
  await server.shutdown()
  await tracing.close()
  return heard
}

describe('traces', () => {
  test('tell a request, what it passed and what it wrote', async () => {
    const told = await trace(1_000_000, 'Bearer ann')
    for (const name of [
      'POST /api/v1/namespaces/{:namespace}/configmaps',
      ...['priorityandfairness', 'authorization', 'Create', 'Create etcd3'],
      '/configmaps/default/traced',
    ])
      expect(told).toContain(name)
  }, 120_000)

  test('are made of none that nobody asked to trace', async () => {
    expect(await trace(0, 'Bearer ann')).toBe('')
  }, 120_000)

  test('go on for callers that are trusted, and for others only name theirs', async () => {
    const traceId = 'ab'.repeat(16)
    const traceparent = `00-${traceId}-${'cd'.repeat(8)}-01`
    const id = Buffer.from(traceId, 'hex').toString('latin1')
    expect(await trace(0, 'Bearer root/system:masters', { traceparent })).toContain(id)
    expect(await trace(0, 'Bearer ann', { traceparent })).toBe('')
  }, 120_000)
})

test.each([
  ['samplingRatePerMillion: 2000000', 'must be less than or equal to one million'],
  ['samplingRatePerMillion: -1', 'sampling rate must be positive'],
  ['endpoint: "https://x"', 'unsupported scheme: https'],
])('%s is refused', (line, message) => {
  const head = 'apiVersion: apiserver.config.k8s.io/v1beta1\nkind: TracingConfiguration\n'
  expect(() => readTracingConfiguration(head + line)).toThrow(message)
})

import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import type { Dial } from '../../server/egress/dial.ts'
import { silentLogger } from '../../std/log.ts'
import type { ServerSettings } from './settings.ts'
import { openTraces } from './tracing.ts'

const exportTraces = {
  path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  ...{ requestStream: false, responseStream: false, requestSerialize: Buffer.from },
  requestDeserialize: (each: Buffer) => each,
  responseSerialize: () => Buffer.alloc(0),
  responseDeserialize: () => ({}),
}

test('a collector in another network is reached by the name that it has there', async () => {
  let heard = ''
  const collector = new Server()
  collector.addService({ Export: exportTraces } as never, {
    Export(call: { request: Buffer }, answer: (error: null, reply: object) => void) {
      heard += call.request.toString('latin1')
      answer(null, {})
    },
  })
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  collector.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
    error ? reject(error) : resolve(bound),
  )
  const port = await promise
  const asked: string[] = []
  const dial: Dial = async (host, to) => {
    asked.push(`${host}:${to}`)
    return connect(port, '127.0.0.1')
  }
  const folder = mkdtempSync(join(tmpdir(), 'hutch-tracing-'))
  const tracingConfig = join(folder, 'tracing.yaml')
  writeFileSync(
    tracingConfig,
    'apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nendpoint: dns:///collector.test:4317\nsamplingRatePerMillion: 1000000\n',
  )
  const settings = { tracingConfig, nodeName: 'one' } as ServerSettings
  const tracing = (await openTraces(settings, { log: silentLogger }, dial))!
  await tracing.within('a step of it', {}, async () => {})
  await tracing.close()
  expect(heard).toContain('a step of it')
  expect(new Set(asked)).toEqual(new Set(['collector.test:4317']))
  collector.forceShutdown()
  rmSync(folder, { recursive: true })
}, 60_000)

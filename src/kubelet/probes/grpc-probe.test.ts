import { afterAll, beforeAll, expect, test } from 'bun:test'
import { Server, ServerCredentials, status } from '@grpc/grpc-js'
import { realClock } from '../../std/real-ports.ts'
import { grpcProbe } from './grpc-probe.ts'

const health = new Server()
let port = 0

const passthrough = { requestSerialize: (b: Buffer) => b, requestDeserialize: (b: Buffer) => b }
const answers: Record<string, number[]> = { '': [0x08, 1], sick: [0x08, 2], unsure: [] }

beforeAll(async () => {
  health.addService(
    {
      check: {
        ...passthrough,
        path: '/grpc.health.v1.Health/Check',
        requestStream: false,
        responseStream: false,
        responseSerialize: (b: Buffer) => b,
        responseDeserialize: (b: Buffer) => b,
      },
    },
    {
      check(
        call: { request: Buffer },
        done: (error: { code: number; details: string } | null, b?: Buffer) => void,
      ) {
        const service = call.request.subarray(2).toString()
        if (service === 'slow') return
        const answer = answers[service]
        if (answer) done(null, Buffer.from(answer))
        else done({ code: status.NOT_FOUND, details: 'unknown service' })
      },
    },
  )
  port = await new Promise<number>((resolve, reject) =>
    health.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
}, 120_000)
afterAll(() => health.forceShutdown())

const ask = (service: string, timeoutMs = 10_000, to = port) =>
  grpcProbe({ host: '127.0.0.1', port: to, service }, timeoutMs, realClock)

test('a server that serves is healthy', async () => {
  expect(await ask('')).toEqual({ ok: true, output: 'service healthy' })
})

test('any other status is not, and is named', async () => {
  expect(await ask('sick')).toEqual({ ok: false, output: 'service unhealthy (responded with "NOT_SERVING")' })
  expect(await ask('unsure')).toEqual({ ok: false, output: 'service unhealthy (responded with "UNKNOWN")' })
})

test('errors of the call are told as the kubelet tells them', async () => {
  expect((await ask('other')).output).toStartWith('error: health rpc probe failed: ')
  expect((await ask('slow', 500)).output).toBe('timeout: health rpc did not complete within 0.5s')
})

test('a port where nobody listens fails when the time is over', async () => {
  const { ok, output } = await ask('', 300, 1)
  expect(ok).toBe(false)
  expect(output).toContain('failed to connect service "127.0.0.1:1" within 0.3s: context deadline exceeded')
})

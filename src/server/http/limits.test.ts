import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { SimClock } from '../../std/sim-ports.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import { createIdleSweep } from './idle.ts'

let server: TestServer
let port = 0
const slow = Promise.withResolvers<void>()

beforeAll(async () => {
  server = await startTestServer({
    authorizer: ({ user }) => ({ decision: user.username === 'nobody' ? 'noOpinion' : 'allow', reason: '' }),
    mount: routes =>
      routes.get('/slow', async c => {
        await slow.promise
        return c.text('late')
      }),
  })
  port = (await server.listen({ host: '127.0.0.1', port: 0 })).port
}, 120_000)

afterAll(async () => {
  slow.resolve()
  await server.shutdown()
}, 120_000)

const clock = () => server.ports.clock as SimClock

async function get(path: string) {
  const headers = { authorization: 'Bearer admin' }
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
  return { code: response.status, body: await response.text() }
}

/** Sends bytes and answers what comes back until the server ends the connection. */
function raw(text: string, end = '"code":'): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let heard = ''
  const socket = connect(port, '127.0.0.1', () => socket.write(text))
  socket.on('data', chunk => {
    heard += String(chunk)
    if (heard.includes(end)) socket.destroy()
  })
  socket.on('close', () => resolve(heard))
  socket.on('error', () => resolve(heard))
  return promise
}

describe('time', () => {
  test('a client may ask to wait less, not more; what is no duration is told', async () => {
    const asked = await get('/api/v1/configmaps?timeout=abc')
    expect(asked.code).toBe(400)
    expect(JSON.parse(asked.body).message).toBe(
      'invalid timeout specified in the request URL - time: invalid duration "abc"',
    )
    const none = await get('/api/v1/configmaps?timeout=1ns')
    expect(none.code).toBe(504)
    // As upstream's filter writes it: not what the client accepts, and not said what it is.
    expect(none.body).toBe(
      '{"metadata":{},"status":"Failure","message":"Timeout: request did not complete within the allotted timeout","reason":"Timeout","details":{},"code":504}\n',
    )
    for (const timeout of ['0s', '-1s', '5m', '']) {
      expect((await get(`/api/v1/configmaps?timeout=${timeout}`)).code).toBe(200)
    }
  })

  test('a request that takes longer than it may is a 504, whoever still works on it', async () => {
    const asked = get('/slow?timeout=2s')
    while (clock().nextTimerMs() === undefined || !(await get('/livez')).body) await Promise.resolve()
    for (let tries = 0; tries < 20; tries++) await get('/livez')
    await clock().advance(2_000)
    expect((await asked).code).toBe(504)
  })

  test('a body that trickles in is not waited for', async () => {
    const head =
      'POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\n'
    const answer = raw(`${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"kind":`)
    for (let tries = 0; tries < 20; tries++) await get('/livez')
    await clock().advance(60_000)
    expect(await answer).toStartWith('HTTP/1.1 504')
  })
})

test('a revision is a number of 64 bits', async () => {
  const large = '18446744073709551616'
  const { code, body } = await get(`/api/v1/configmaps?resourceVersion=${large}`)
  expect([code, JSON.parse(body).message]).toEqual([
    400,
    `invalid resource version: resourceVersion: Invalid value: "${large}": strconv.ParseUint: parsing "${large}": value out of range`,
  ])
})

describe('size', () => {
  test('a body is not waited for that its sender may not send, and the connection goes on', async () => {
    const head =
      'POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
    const nobody = await raw(`${head}Authorization: Bearer nobody\r\nContent-Length: 3000000\r\n\r\n{`)
    expect(nobody).toStartWith('HTTP/1.1 403')
    const next = 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
    const body = 'x'.repeat(200_000)
    const both = await raw(
      `${head}Authorization: Bearer nobody\r\nContent-Length: ${body.length}\r\n\r\n${body}${next}`,
      'none',
    )
    expect(both.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 403', 'HTTP/1.1 200'])
  })

  test('bodies above 3 MiB are refused, declared or not', async () => {
    const head =
      'POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\nContent-Type: application/json\r\n'
    expect(await raw(`${head}Content-Length: 3145729\r\n\r\n`)).toContain(
      'Request entity too large: limit is 3145728',
    )
    const chunk = 'x'.repeat(4 << 20)
    const chunked = await raw(
      `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.length.toString(16)}\r\n${chunk}\r\n0\r\n\r\n`,
    )
    expect(chunked).toStartWith('HTTP/1.1 413')
  })

  test('many and long header lines are read', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/livez`, {
      headers: { 'x-long': 'a'.repeat(100_000) },
    })
    expect(response.status).toBe(200)
  })
})

describe('connections', () => {
  test('without a whole request they go soon, idle ones later, busy ones never', async () => {
    const own = new SimClock()
    const sweep = createIdleSweep(own)
    const ended: string[] = []
    const track = (name: string) => {
      const connection = { name }
      sweep.opened(connection, () => ended.push(name))
      return connection
    }
    track('silent')
    sweep.busy(track('idle'))()
    const busy = sweep.busy(track('busy'))
    sweep.closed(track('gone'))
    await own.advance(60_000)
    expect(ended).toEqual(['silent'])
    await own.advance(60_000)
    expect(ended).toEqual(['silent', 'idle'])
    await own.advance(600_000)
    expect(ended).toEqual(['silent', 'idle'])
    busy()
    await own.advance(120_000)
    expect(ended).toEqual(['silent', 'idle', 'busy'])
    expect(own.nextTimerMs()).toBeUndefined()
  })

  test('a client that sends its headers for ever is cut off', async () => {
    const answer = raw('GET /livez HTTP/1.1\r\nHost: x\r\n')
    for (let tries = 0; tries < 10; tries++) await get('/livez')
    await clock().advance(120_000)
    expect(await answer).toBe('')
  })
})

import { expect, test } from 'bun:test'
import { EventEmitter } from 'node:events'
import type { StatusError } from '../../machinery/status/status.ts'
import { SimClock } from '../../std/sim-ports.ts'
import { createBodyReader } from './body.ts'
import type { Asked } from './exchange.ts'

class FakeRequest extends EventEmitter implements Asked {
  readonly method = 'POST'
  readonly url = '/'
  readonly headers = {}
  readonly rawHeaders = []
  readonly httpVersionMajor = 1
  readonly socket = undefined
  destroyed = false
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 200,
    (error: StatusError) => error.status.code,
  )

test('large bodies that do not end keep other large ones out, and never a small one', async () => {
  const clock = new SimClock()
  const read = createBodyReader(clock, 60_000)
  const chunk = Buffer.alloc(2 << 20)
  const slow = Array.from({ length: 128 }, () => new FakeRequest())
  const waiting = slow.map(request => codeOf(read(request)))
  for (const request of slow) request.emit('data', chunk)
  const send = (bytes: number) => {
    const request = new FakeRequest()
    const code = codeOf(read(request))
    request.emit('data', chunk.subarray(0, bytes))
    request.emit('end')
    return code
  }
  expect([await send(500), await send(100_000)]).toEqual([200, 429])
  await clock.advance(60_000)
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([504]))
  const last = send(100_000)
  await clock.advance(1)
  expect(await last).toBe(200)
})

test('a client that left before anybody asked for its body is not waited for', async () => {
  const request = new FakeRequest()
  request.destroyed = true
  expect(await codeOf(createBodyReader(new SimClock(), 60_000)(request))).toBe(400)
})

import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { SpdyConnection } from './connection.ts'
import { writeFrame } from './frames.ts'
import { createHeaderCodec } from './headers.ts'

/** A connection whose other side sends `bytes`; answers whether it was ended, and how many streams it opened. */
async function receive(bytes: readonly Uint8Array[]): Promise<{ isClosed: boolean; streams: number }> {
  let isClosed = false
  let streams = 0
  const close = () => {
    isClosed = true
  }
  const channel = { write: () => Promise.resolve(), close }
  const connection = new SpdyConnection(channel, () => streams++)
  for (const each of bytes) connection.receive(each)
  await connection.settled()
  return { isClosed, streams }
}

const anyBytes = fc.uint8Array({ maxLength: 120 })
const streamId = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const anyFrame = fc.oneof(
  anyBytes,
  anyBytes.map(payload => Buffer.concat([Buffer.from([0x80, 3, 0, 1, 0, 0, 0, payload.length]), payload])),
  fc
    .tuple(streamId, anyBytes)
    .map(([id, data]) => writeFrame({ type: 'data', streamId: id, fin: false, data })),
  streamId.map(id => writeFrame({ type: 'rstStream', streamId: id, status: 1 })),
  fc
    .tuple(fc.integer({ min: 0, max: 255 }), anyBytes)
    .map(([type, payload]) =>
      Buffer.concat([Buffer.from([0x80, 3, 0, type, 0, 0, 0, payload.length]), payload]),
    ),
)

test('whatever bytes come, in whatever pieces, nothing is thrown and the connection goes on or ends', async () => {
  const property = fc.asyncProperty(fc.array(anyFrame, { maxLength: 12 }), async frames => {
    await receive(frames)
  })
  await fc.assert(property, { numRuns: 500 })
}, 120_000)

test('frames that are too long, headers that unfold to too much and too many streams end the connection', async () => {
  const long = Buffer.from([0, 0, 0, 1, 0, 0xff, 0xff, 0xff])
  expect(await receive([long])).toEqual({ isClosed: true, streams: 0 })
  const codec = createHeaderCodec()
  const open = async (id: number, value: string) =>
    writeFrame({
      type: 'synStream',
      streamId: id,
      fin: false,
      headers: await codec.encode(new Map([['name', value]])),
    })
  expect(await receive([await open(1, 'v')])).toEqual({ isClosed: false, streams: 1 })
  const bomb = createHeaderCodec()
  const headers = await bomb.encode(new Map([['name', 'v'.repeat(5_000_000)]]))
  const frame = writeFrame({ type: 'synStream', streamId: 1, fin: false, headers })
  expect(await receive([frame])).toEqual({ isClosed: true, streams: 0 })
  const many = createHeaderCodec()
  const frames: Uint8Array[] = []
  for (let id = 1; id <= 1_500; id++) {
    const block = await many.encode(new Map([['a', 'b']]))
    frames.push(writeFrame({ type: 'synStream', streamId: id, fin: false, headers: block }))
  }
  expect(await receive(frames)).toEqual({ isClosed: true, streams: 1_000 })
}, 120_000)

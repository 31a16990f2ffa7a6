import { expect, test } from 'bun:test'
import { SimClock } from '../../std/sim-ports.ts'
import { pacedStream } from './paced-stream.ts'

test('bytes come at the rate that is asked for, all of them and in order', async () => {
  const clock = new SimClock()
  const stream = pacedStream(clock, 1000)
  const heard: Buffer[] = []
  stream.on('data', (chunk: Buffer) => heard.push(chunk))
  const sent = Buffer.from(Array.from({ length: 2500 }, (_, index) => index % 251))
  stream.write(sent)
  stream.end()
  const bytes = () => heard.reduce((sum, { length }) => sum + length, 0)
  await clock.advance(1000)
  expect(bytes()).toBeGreaterThanOrEqual(1000)
  expect(bytes()).toBeLessThanOrEqual(1100)
  await clock.advance(1600)
  expect(Buffer.concat(heard)).toEqual(sent)
})

test('what is slower than a piece a second goes byte by byte, and nothing is left of one that ends', async () => {
  const clock = new SimClock()
  const stream = pacedStream(clock, 2)
  let heard = ''
  stream.on('data', (chunk: Buffer) => {
    heard += chunk
  })
  stream.write('abcdef')
  await clock.advance(900)
  expect(heard).toBe('ab')
  stream.destroy()
  await clock.advance(60_000)
  expect(heard).toBe('ab')
})

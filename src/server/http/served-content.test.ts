import { expect, test } from 'bun:test'
import { serveContent } from './served-content.ts'

const text = 'The quick brown fox'
const ask = (range: string) =>
  serveContent(name => (name === 'range' ? range : undefined), {
    bytes: Buffer.from(text),
    headers: { 'content-type': 'text/plain' },
    modifiedMs: 0,
  })

test('several parts of a document are read back by somebody who knows multipart', async () => {
  const { status, headers, bytes } = ask('bytes=0-2,4-8,-3')
  expect(status).toBe(206)
  const boundary = /^multipart\/byteranges; boundary=([0-9a-f]{60})$/.exec(headers['content-type']!)![1]
  const parts = Buffer.from(bytes).toString().split(`--${boundary}`)
  expect(parts.slice(1, -1).map(part => part.split('\r\n'))).toEqual([
    ['', 'Content-Range: bytes 0-2/19', 'Content-Type: text/plain', '', 'The', ''],
    ['', 'Content-Range: bytes 4-8/19', 'Content-Type: text/plain', '', 'quick', ''],
    ['', 'Content-Range: bytes 16-18/19', 'Content-Type: text/plain', '', 'fox', ''],
  ])
  expect(parts.at(-1)).toBe('--\r\n')
})

test('parts that are more than the whole are the whole', () => {
  expect(ask('bytes=0-18,0-1').status).toBe(200)
  expect(Buffer.from(ask('bytes=0-1,99-').bytes).toString()).toBe('Th')
})

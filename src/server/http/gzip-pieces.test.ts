import { describe, expect, test } from 'bun:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { deflate, gzipOf } from './gzip-pieces.ts'

describe('gzip of pieces', () => {
  test('any pieces unpack to what they hold, in order', () => {
    const piece = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ maxLength: 5000 }).map(Buffer.from))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), pieces => {
        const packed = gzipOf(pieces.map(deflate))
        expect(gunzipSync(packed).equals(Buffer.concat(pieces))).toBe(true)
      }),
    )
  })

  test('a piece may be used in many streams', () => {
    const shared = deflate(Buffer.from('y'.repeat(200_000)))
    const one = gunzipSync(gzipOf([shared, shared, deflate(Buffer.from('end'))]))
    expect(one.length).toBe(400_003)
    expect(one.subarray(-3).toString()).toBe('end')
  })
})

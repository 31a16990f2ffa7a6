import { describe, expect, test } from 'bun:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { runSteps } from '../../std/turns.ts'
import { deflateSteps, gzipOf } from './gzip-pieces.ts'

const deflate = (plain: Uint8Array) => runSteps(deflateSteps(plain))

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

  test('a long piece is compressed slice by slice, with room between them', () => {
    const long = Buffer.from(Array.from({ length: 200_000 }, (_, at) => `${at * 7919},`).join(''))
    const steps = deflateSteps(long)
    let slices = 0
    let step = steps.next()
    for (; !step.done; step = steps.next()) slices++
    expect(slices).toBeGreaterThan(4)
    const end = Buffer.from('end')
    expect(gunzipSync(gzipOf([step.value, deflate(end)])).equals(Buffer.concat([long, end]))).toBe(true)
  })

  test('a piece may be used in many streams', () => {
    const shared = deflate(Buffer.from('y'.repeat(200_000)))
    const one = gunzipSync(gzipOf([shared, shared, deflate(Buffer.from('end'))]))
    expect(one.length).toBe(400_003)
    expect(one.subarray(-3).toString()).toBe('end')
  })
})

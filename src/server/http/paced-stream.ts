import { Transform } from 'node:stream'
import type { Cancel, Clock } from '../../std/ports.ts'

const piecesPerSecond = 10

/** Passes bytes on at no more than this rate, a tenth of a second's worth at a time (upstream's flowrate). */
export function pacedStream(clock: Pick<Clock, 'setTimer'>, bytesPerSecond: number): Transform {
  const pieceBytes = Math.max(1, Math.floor(bytesPerSecond / piecesPerSecond))
  let cancel: Cancel = () => {}
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const pass = (start: number): void => {
        const piece = chunk.subarray(start, start + pieceBytes)
        if (piece.length === 0) return done()
        this.push(piece)
        cancel = clock.setTimer((piece.length / bytesPerSecond) * 1000, () => pass(start + piece.length))
      }
      pass(0)
    },
    destroy(error, done) {
      cancel()
      done(error)
    },
  })
}

import type { Dice } from './dice.ts'
import { hostileTexts } from './hostile.ts'

/** A copy of a body with one to six changes of its bytes. */
export function mutateBytes(dice: Dice, body: Uint8Array): Uint8Array {
  let bytes = Buffer.from(body)
  const changes = 1 + dice.number(6)
  for (let i = 0; i < changes; i++) bytes = dice.pick(kinds)(dice, bytes)
  return bytes
}

type Kind = (dice: Dice, bytes: Buffer<ArrayBuffer>) => Buffer<ArrayBuffer>

const kinds: readonly Kind[] = [
  (dice, bytes) => {
    if (bytes.length > 0) bytes[dice.number(bytes.length)]! ^= 1 << dice.number(8)
    return bytes
  },
  (dice, bytes) => {
    if (bytes.length > 0) bytes[dice.number(bytes.length)] = dice.pick([0, 0xff, 0x80, 0x7f, 0x0a, 0x22])
    return bytes
  },
  (dice, bytes) => bytes.subarray(0, dice.number(bytes.length + 1)),
  (dice, bytes) => {
    const at = dice.number(bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(dice.pick(hostileTexts)), bytes.subarray(at)])
  },
  (dice, bytes) => {
    const from = dice.number(bytes.length + 1)
    const to = from + dice.number(Math.min(64, bytes.length - from) + 1)
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])
  },
  (dice, bytes) => {
    const from = dice.number(bytes.length + 1)
    const to = from + dice.number(Math.min(64, bytes.length - from) + 1)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
]

import { milliValue, parseQuantity } from '../../../machinery/quantity/index.ts'

/** Whether an amount has no fraction, as upstream reckons: in thousandths, of which an int64 holds but so many. */
export function isWholeAmount(text: string): boolean {
  return BigInt.asIntN(64, milliValue(parseQuantity(text))) % 1000n === 0n
}

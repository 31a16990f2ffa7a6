export { canonicalQuantity, formatQuantity } from './format.ts'
export type { Quantity, QuantityFormat } from './quantity.ts'
export {
  addQuantity,
  compareQuantity,
  isZeroQuantity,
  milliValue,
  parseQuantities,
  parseQuantity,
  QuantityError,
  quantityOf,
  quantityToNumber,
  quantityValue,
  roundUpQuantity,
  scaledValue,
  subtractQuantity,
  zeroQuantity,
} from './quantity.ts'

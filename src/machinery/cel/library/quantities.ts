/** Resource quantities (apiserver pkg/cel/library/quantity.go). */
import {
  addQuantity,
  compareQuantity,
  parseQuantity,
  type Quantity,
  QuantityError,
  quantityToNumber,
  subtractQuantity,
} from '../../quantity/index.ts'
import { CelError } from '../language/errors.ts'
import { boolType, doubleType, intType, stringType, structType } from '../language/type.ts'
import type { StructValue } from '../language/value.ts'
import { type Functions, global, member } from './declare.ts'

const quantityType = structType('kubernetes.Quantity')

class QuantityValue implements StructValue {
  readonly typeName = 'kubernetes.Quantity'
  readonly quantity: Quantity
  constructor(quantity: Quantity) {
    this.quantity = quantity
  }
  equals(other: StructValue): boolean {
    return compareQuantity(this.quantity, (other as QuantityValue).quantity) === 0
  }
}

function read(text: string): Quantity | string {
  try {
    return parseQuantity(text)
  } catch (error) {
    if (error instanceof QuantityError) return error.message
    throw error
  }
}

function toQuantity(text: string): QuantityValue {
  const found = read(text)
  if (typeof found === 'string') throw new CelError(found)
  return new QuantityValue(found)
}

const zero = parseQuantity('0')
const isInteger = ({ quantity }: QuantityValue) => Number.isSafeInteger(quantityToNumber(quantity))
const compare = (a: QuantityValue, b: QuantityValue) => compareQuantity(a.quantity, b.quantity)
const both = [quantityType, quantityType]
const ofInt = (value: bigint) => parseQuantity(String(value))

export const quantities: Functions = {
  quantity: [global('string_to_quantity', [stringType], quantityType, toQuantity)],
  isQuantity: [
    global('is_quantity_string', [stringType], boolType, (text: string) => typeof read(text) !== 'string'),
  ],
  sign: [
    // Upstream declares it as a function of its own, not as one of a quantity.
    global('quantity_sign', [quantityType], intType, ({ quantity }: QuantityValue) =>
      BigInt(Math.sign(compareQuantity(quantity, zero))),
    ),
  ],
  isGreaterThan: [
    member(
      'quantity_is_greater_than',
      both,
      boolType,
      (a: QuantityValue, b: QuantityValue) => compare(a, b) > 0,
    ),
  ],
  isLessThan: [
    member(
      'quantity_is_less_than',
      both,
      boolType,
      (a: QuantityValue, b: QuantityValue) => compare(a, b) < 0,
    ),
  ],
  compareTo: [
    member('quantity_compare_to', both, intType, (a: QuantityValue, b: QuantityValue) =>
      BigInt(Math.sign(compare(a, b))),
    ),
  ],
  asApproximateFloat: [
    member('quantity_get_float', [quantityType], doubleType, ({ quantity }: QuantityValue) =>
      quantityToNumber(quantity),
    ),
  ],
  asInteger: [
    member('quantity_get_int', [quantityType], intType, (value: QuantityValue) => {
      if (!isInteger(value)) throw new CelError('cannot convert value to integer')
      return BigInt(quantityToNumber(value.quantity))
    }),
  ],
  isInteger: [member('quantity_is_integer', [quantityType], boolType, isInteger)],
  add: [
    member(
      'quantity_add',
      both,
      quantityType,
      (a: QuantityValue, b: QuantityValue) => new QuantityValue(addQuantity(a.quantity, b.quantity)),
    ),
    member(
      'quantity_add_int',
      [quantityType, intType],
      quantityType,
      (a: QuantityValue, b: bigint) => new QuantityValue(addQuantity(a.quantity, ofInt(b))),
    ),
  ],
  sub: [
    member(
      'quantity_sub',
      both,
      quantityType,
      (a: QuantityValue, b: QuantityValue) => new QuantityValue(subtractQuantity(a.quantity, b.quantity)),
    ),
    member(
      'quantity_sub_int',
      [quantityType, intType],
      quantityType,
      (a: QuantityValue, b: bigint) => new QuantityValue(subtractQuantity(a.quantity, ofInt(b))),
    ),
  ],
}

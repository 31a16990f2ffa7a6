import type { Environment } from '@marcbachmann/cel-js'
import {
  addQuantity,
  compareQuantity,
  parseQuantity,
  quantityToNumber,
  subtractQuantity,
} from '../quantity/index.ts'

type Value = ReturnType<typeof parseQuantity>

/** A resource quantity as a value of the language. */
class Quantity {
  readonly value: Value
  constructor(value: Value) {
    this.value = value
  }
}

/** apiserver pkg/cel/library quantity.go. */
export function registerQuantities(environment: Environment): void {
  const compare = (a: Quantity, b: Quantity) => compareQuantity(a.value, b.value)
  environment
    .registerType('Quantity', Quantity)
    .registerFunction('quantity(string): Quantity', (text: string) => new Quantity(parseQuantity(text)))
    .registerFunction('isQuantity(string): bool', isQuantity)
    .registerFunction('Quantity.sign(): int', ({ value }: Quantity) =>
      BigInt(Math.sign(quantityToNumber(value))),
    )
    .registerFunction('Quantity.isInteger(): bool', ({ value }: Quantity) =>
      Number.isSafeInteger(quantityToNumber(value)),
    )
    .registerFunction('Quantity.asInteger(): int', ({ value }: Quantity) => {
      const number = quantityToNumber(value)
      if (!Number.isSafeInteger(number)) throw new Error('cannot convert value to integer')
      return BigInt(number)
    })
    .registerFunction('Quantity.asApproximateFloat(): double', ({ value }: Quantity) =>
      quantityToNumber(value),
    )
    .registerFunction(
      'Quantity.add(Quantity): Quantity',
      (a: Quantity, b: Quantity) => new Quantity(addQuantity(a.value, b.value)),
    )
    .registerFunction(
      'Quantity.sub(Quantity): Quantity',
      (a: Quantity, b: Quantity) => new Quantity(subtractQuantity(a.value, b.value)),
    )
    .registerFunction('Quantity.compareTo(Quantity): int', (a: Quantity, b: Quantity) =>
      BigInt(compare(a, b)),
    )
    .registerFunction('Quantity.isLessThan(Quantity): bool', (a: Quantity, b: Quantity) => compare(a, b) < 0)
    .registerFunction(
      'Quantity.isGreaterThan(Quantity): bool',
      (a: Quantity, b: Quantity) => compare(a, b) > 0,
    )
    .registerOperator('Quantity == Quantity', (a: Quantity, b: Quantity) => compare(a, b) === 0)
}

function isQuantity(text: string): boolean {
  try {
    parseQuantity(text)
    return true
  } catch {
    // What does not parse is none: that is the answer.
    return false
  }
}

import type { Environment } from '@marcbachmann/cel-js'

type Comparable = bigint | number | string | boolean | Date

class Sets {}

/** The lists library of Kubernetes, and cel-go's ext.Sets. */
export function registerLists(environment: Environment): void {
  environment
    .registerFunction('list.sum(): dyn', sum)
    .registerFunction('list.min(): dyn', (list: readonly Comparable[]) => pick(list, 'min', (a, b) => a < b))
    .registerFunction('list.max(): dyn', (list: readonly Comparable[]) => pick(list, 'max', (a, b) => a > b))
    .registerFunction('list.isSorted(): bool', (list: readonly Comparable[]) =>
      list.every((item, index) => index === 0 || list[index - 1]! <= item),
    )
    .registerFunction('list.indexOf(dyn): int', (list: readonly unknown[], wanted: unknown) =>
      BigInt(list.findIndex(item => same(item, wanted))),
    )
    .registerFunction('list.lastIndexOf(dyn): int', (list: readonly unknown[], wanted: unknown) =>
      BigInt(list.findLastIndex(item => same(item, wanted))),
    )
    .registerType('Sets', Sets)
    .registerConstant('sets', 'Sets', new Sets())
    .registerFunction('Sets.contains(list, list): bool', (_sets: Sets, a: unknown[], b: unknown[]) =>
      holds(a, b),
    )
    .registerFunction('Sets.equivalent(list, list): bool', (_sets: Sets, a: unknown[], b: unknown[]) => {
      return holds(a, b) && holds(b, a)
    })
    .registerFunction('Sets.intersects(list, list): bool', (_sets: Sets, a: unknown[], b: unknown[]) =>
      b.some(item => a.some(other => same(other, item))),
    )
}

function sum(list: readonly (bigint | number)[]): bigint | number {
  const [first, ...rest] = list
  if (first === undefined) return 0n
  return rest.reduce<bigint | number>((total, item) => {
    return typeof total === 'bigint' && typeof item === 'bigint' ? total + item : Number(total) + Number(item)
  }, first)
}

function pick(
  list: readonly Comparable[],
  name: string,
  isBetter: (a: Comparable, b: Comparable) => boolean,
): Comparable {
  const [first, ...rest] = list
  if (first === undefined) throw new Error(`${name} called on empty list`)
  return rest.reduce((best, item) => (isBetter(item, best) ? item : best), first)
}

function holds(list: readonly unknown[], wanted: readonly unknown[]): boolean {
  return wanted.every(item => list.some(other => same(other, item)))
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const show = (value: unknown) =>
    JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item))
  return show(a) === show(b)
}

/**
 * The labels of many objects as columns of interned integers, a row per object: a selector is looked up once and
 * matched over all rows. The row numbers are the caller's and dense.
 */
export interface LabelIndex {
  /** Replaces the labels of a row; undefined empties it. */
  set(row: number, labels: Readonly<Record<string, string>> | undefined): void
  /**
   * A byte for each of rows `0 … rows-1`: 1 where every test holds. An empty row holds `!=`, `notin` and `!`.
   * Valid until the next call on this index.
   */
  match(tests: readonly LabelTest[], rows: number): Uint8Array
}

/** One requirement of a selector; ordering comparisons are not for an index of interned values. */
export interface LabelTest {
  readonly key: string
  readonly operator: 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!'
  readonly values: readonly string[]
}

/** A test with its strings looked up: keep the rows that have one of `values`, or none of them. */
export interface InternedTest {
  readonly key: string
  readonly values: readonly number[]
  readonly negate: boolean
}

/** Label values by number, from 1; 0 stands for "no such label". */
export class Interner {
  readonly #numbers = new Map<string, number>()

  intern(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.#numbers.size + 1)
    return this.#numbers.size
  }

  /** Looks the test's values up; one that no object ever had cannot match and is left out. */
  test({ key, operator, values }: LabelTest): InternedTest {
    if (operator === 'exists') return { key, values: [0], negate: true }
    if (operator === '!') return { key, values: [0], negate: false }
    const numbers = values.flatMap(value => this.#numbers.get(value) ?? [])
    return { key, values: numbers, negate: operator === 'notin' || operator === '!=' }
  }
}

/** The plain TypeScript twin: oracle of the WASM kernel and fallback where WASM is missing. */
export function createLabelIndexTwin(): LabelIndex {
  return new TwinIndex()
}

class TwinIndex implements LabelIndex {
  readonly #interner = new Interner()
  readonly #columns = new Map<string, Int32Array>()
  #capacity = 0

  set(row: number, labels: Readonly<Record<string, string>> | undefined): void {
    if (row >= this.#capacity) this.#grow(row + 1)
    for (const column of this.#columns.values()) column[row] = 0
    for (const [key, value] of Object.entries(labels ?? {})) {
      const column = this.#columns.get(key) ?? new Int32Array(this.#capacity)
      this.#columns.set(key, column)
      column[row] = this.#interner.intern(value)
    }
  }

  match(tests: readonly LabelTest[], rows: number): Uint8Array {
    const mask = new Uint8Array(rows).fill(1)
    for (const test of tests) {
      const { key, values, negate } = this.#interner.test(test)
      const column = this.#columns.get(key)
      for (let row = 0; row < rows; row++) {
        if (values.includes(column?.[row] ?? 0) === negate) mask[row] = 0
      }
    }
    return mask
  }

  #grow(rows: number): void {
    this.#capacity = Math.max(rows, 2 * this.#capacity, 64)
    for (const [key, column] of this.#columns) {
      const larger = new Int32Array(this.#capacity)
      larger.set(column)
      this.#columns.set(key, larger)
    }
  }
}

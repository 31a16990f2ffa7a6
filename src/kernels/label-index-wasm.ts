import wasmPath from '../../wasm/kernels/label-match.wasm' with { type: 'file' }
import { Interner, type LabelIndex, type LabelTest } from './label-index.ts'
import { loadKernel } from './load.ts'

interface Exports {
  keepMatching(
    column: number,
    rows: number,
    values: number,
    count: number,
    mask: number,
    negate: number,
  ): void
}

const pageBytes = 65_536
/** First byte that the compiler's own data does not use. */
const base = pageBytes
/** A test may name this many values; Kubernetes' own limits are far below. */
const valuesMax = 4_096

/** A label index in WASM memory, matched by the kernel of assembly/label-match.ts. */
export function createLabelIndex(): LabelIndex {
  return new WasmIndex()
}

/** From `base` on: `valuesMax` wanted values, the mask, then a column per label key in order of appearance. */
class WasmIndex implements LabelIndex {
  readonly #kernel = loadKernel<Exports>(wasmPath)
  readonly #interner = new Interner()
  readonly #columns = new Map<string, number>()
  #capacity = 0
  #words = new Int32Array(0)
  #bytes = new Uint8Array(0)

  set(row: number, labels: Readonly<Record<string, string>> | undefined): void {
    if (row >= this.#capacity) this.#relocate(Math.max(row + 1, 2 * this.#capacity, 64))
    for (const position of this.#columns.values()) this.#words[this.#wordAt(position) + row] = 0
    for (const [key, value] of Object.entries(labels ?? {})) {
      this.#words[this.#wordAt(this.#columnOf(key)) + row] = this.#interner.intern(value)
    }
  }

  match(tests: readonly LabelTest[], rows: number): Uint8Array {
    if (rows > this.#capacity) this.#relocate(rows)
    const mask = this.#bytes.subarray(this.#maskByte, this.#maskByte + rows)
    mask.fill(1)
    for (const test of tests) {
      const { key, values, negate } = this.#interner.test(test)
      if (values.length > valuesMax) throw new RangeError(`a selector names more than ${valuesMax} values`)
      const position = this.#columns.get(key)
      // Nobody has the key: all rows hold alike, and a selector must not make a column.
      if (position === undefined) {
        if (values.includes(0) === negate) mask.fill(0)
        continue
      }
      this.#words.set(values, base / 4)
      this.#kernel.keepMatching(
        this.#wordAt(position) * 4,
        rows,
        base,
        values.length,
        this.#maskByte,
        negate ? 1 : 0,
      )
    }
    return mask
  }

  get #maskByte(): number {
    return base + valuesMax * 4
  }

  #wordAt(position: number): number {
    return (this.#maskByte + this.#capacity) / 4 + position * this.#capacity
  }

  #columnOf(key: string): number {
    let position = this.#columns.get(key)
    if (position !== undefined) return position
    position = this.#columns.size
    this.#columns.set(key, position)
    this.#ensureBytes((this.#wordAt(position) + this.#capacity) * 4)
    return position
  }

  /** Moves every column to where it lies with the new capacity. */
  #relocate(rows: number): void {
    const columns = [...this.#columns.values()].map(position => {
      const start = this.#wordAt(position)
      return this.#words.slice(start, start + this.#capacity)
    })
    this.#capacity = (rows + 15) & ~15
    this.#ensureBytes(this.#wordAt(columns.length) * 4)
    this.#words.fill(0, base / 4)
    for (const [position, values] of columns.entries()) this.#words.set(values, this.#wordAt(position))
  }

  /** Growing memory detaches every view on it. */
  #ensureBytes(bytes: number): void {
    const { memory } = this.#kernel
    const missing = bytes - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes))
    if (this.#bytes.buffer === memory.buffer) return
    this.#words = new Int32Array(memory.buffer)
    this.#bytes = new Uint8Array(memory.buffer)
  }
}

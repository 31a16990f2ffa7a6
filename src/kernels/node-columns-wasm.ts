import wasmPath from '../../wasm/kernels/node-columns.wasm' with { type: 'file' }
import { loadKernel } from './load.ts'
import { type NodeColumn, type NodeColumns, nodeColumns } from './node-columns.ts'

interface Exports {
  judge(
    base: number,
    capacity: number,
    rows: number,
    milliCpu: number,
    memory: number,
    ephemeral: number,
    nonZeroMilliCpu: number,
    nonZeroMemory: number,
  ): void
}

/** First byte that the compiler's own data does not use; a whole page keeps it simple. */
const base = 65_536
const bytesPerRow = nodeColumns.length * 8 + 3
const index = new Map(nodeColumns.map((name, position) => [name, position]))

/** Node columns in WASM memory, judged by the kernel of assembly/node-columns.ts. */
export function createNodeColumns(): NodeColumns {
  return new WasmColumns()
}

class WasmColumns implements NodeColumns {
  readonly #kernel = loadKernel<Exports>(wasmPath)
  #capacity = 0
  #amounts = new Float64Array(0)
  shortages = new Uint8Array(0)
  fitScores = new Uint8Array(0)
  balanceScores = new Uint8Array(0)

  reserve(rows: number): void {
    if (rows <= this.#capacity) return
    const old = { capacity: this.#capacity, amounts: this.#amounts.slice() }
    this.#capacity = Math.max(64, 2 * this.#capacity, rows + (rows % 2))
    this.#layOut()
    this.#amounts.fill(0)
    for (let column = 0; column < nodeColumns.length; column++) {
      const values = old.amounts.subarray(column * old.capacity, (column + 1) * old.capacity)
      this.#amounts.set(values, column * this.#capacity)
    }
  }

  set(row: number, column: NodeColumn, amount: number): void {
    this.#amounts[index.get(column)! * this.#capacity + row] = amount
  }

  get(row: number, column: NodeColumn): number {
    return this.#amounts[index.get(column)! * this.#capacity + row]!
  }

  judge(request: Parameters<NodeColumns['judge']>[0], rows: number): void {
    const { milliCpu, memory, ephemeralStorage, nonZeroMilliCpu, nonZeroMemory } = request
    const { judge } = this.#kernel
    judge(base, this.#capacity, rows, milliCpu, memory, ephemeralStorage, nonZeroMilliCpu, nonZeroMemory)
  }

  /** Growing memory detaches every view on it. */
  #layOut(): void {
    const { memory } = this.#kernel
    const missing = base + this.#capacity * bytesPerRow - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / 65_536))
    const bytesAt = base + this.#capacity * nodeColumns.length * 8
    this.#amounts = new Float64Array(memory.buffer, base, this.#capacity * nodeColumns.length)
    this.shortages = new Uint8Array(memory.buffer, bytesAt, this.#capacity)
    this.fitScores = new Uint8Array(memory.buffer, bytesAt + this.#capacity, this.#capacity)
    this.balanceScores = new Uint8Array(memory.buffer, bytesAt + 2 * this.#capacity, this.#capacity)
  }
}

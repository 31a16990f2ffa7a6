/**
 * Node resources as columns, a row per node, resident in the memory that the filter-and-score kernel reads.
 * One call judges every row; nothing is copied per pod. Amounts are whole numbers held as doubles (exact to 2^53):
 * CPU in millicores, memory and ephemeral storage in bytes.
 *
 * Preconditions: rows are dense, `0 … rows-1`; a row that no node uses has `allowedPods` 0 and so fits nothing.
 */
export interface NodeColumns {
  /** Makes room for at least `rows` rows, keeping what is there. Views handed out before are stale afterwards. */
  reserve(rows: number): void
  set(row: number, column: NodeColumn, amount: number): void
  get(row: number, column: NodeColumn): number
  /** Fills `shortages`, `fitScores` and `balanceScores` for rows `0 … rows-1`. */
  judge(request: PodAmounts, rows: number): void
  /** Per row a bit set of `shortage…`; 0 = the pod fits (upstream noderesources fitsRequest). */
  readonly shortages: Uint8Array
  /** NodeResourcesFit, LeastAllocated over CPU and memory, 0 … 100; only meaningful where the pod fits. */
  readonly fitScores: Uint8Array
  /** NodeResourcesBalancedAllocation over CPU and memory, 0 … 100. */
  readonly balanceScores: Uint8Array
}

/** What a pod asks for. `nonZero…`: with 100 millicores and 200 MiB assumed for containers that ask nothing. */
export interface PodAmounts {
  readonly milliCpu: number
  readonly memory: number
  readonly ephemeralStorage: number
  readonly nonZeroMilliCpu: number
  readonly nonZeroMemory: number
}

export const nodeColumns = [
  'allowedPods',
  'pods',
  'allocatableMilliCpu',
  'requestedMilliCpu',
  'nonZeroMilliCpu',
  'allocatableMemory',
  'requestedMemory',
  'nonZeroMemory',
  'allocatableEphemeral',
  'requestedEphemeral',
] as const
export type NodeColumn = (typeof nodeColumns)[number]

export const shortagePods = 1
export const shortageCpu = 2
export const shortageMemory = 4
export const shortageEphemeral = 8

/** The plain TypeScript twin: oracle of the WASM kernel and fallback where WASM is missing. */
export function createNodeColumnsTwin(): NodeColumns {
  return new TwinColumns()
}

class TwinColumns implements NodeColumns {
  #columns = columnsOf(0)
  shortages = new Uint8Array(0)
  fitScores = new Uint8Array(0)
  balanceScores = new Uint8Array(0)

  reserve(rows: number): void {
    if (rows <= this.shortages.length) return
    const size = Math.max(rows, this.shortages.length * 2, 64)
    const larger = columnsOf(size)
    for (const name of nodeColumns) larger[name].set(this.#columns[name])
    this.#columns = larger
    this.shortages = new Uint8Array(size)
    this.fitScores = new Uint8Array(size)
    this.balanceScores = new Uint8Array(size)
  }

  set(row: number, column: NodeColumn, amount: number): void {
    this.#columns[column][row] = amount
  }

  get(row: number, column: NodeColumn): number {
    return this.#columns[column][row]!
  }

  judge(request: PodAmounts, rows: number): void {
    const columns = this.#columns
    for (let row = 0; row < rows; row++) {
      this.shortages[row] = shortagesOf(request, columns, row)
      this.fitScores[row] = fitScoreOf(request, columns, row)
      this.balanceScores[row] = balanceScoreOf(request, columns, row)
    }
  }
}

type Columns = Record<NodeColumn, Float64Array>

function columnsOf(size: number): Columns {
  return Object.fromEntries(nodeColumns.map(name => [name, new Float64Array(size)])) as Columns
}

function shortagesOf(request: PodAmounts, columns: Columns, row: number): number {
  const { pods, allowedPods, allocatableMilliCpu, requestedMilliCpu } = columns
  const { allocatableMemory, requestedMemory, allocatableEphemeral, requestedEphemeral } = columns
  let bits = pods[row]! + 1 > allowedPods[row]! ? shortagePods : 0
  if (exceeds(request.milliCpu, allocatableMilliCpu[row]!, requestedMilliCpu[row]!)) bits |= shortageCpu
  if (exceeds(request.memory, allocatableMemory[row]!, requestedMemory[row]!)) bits |= shortageMemory
  if (exceeds(request.ephemeralStorage, allocatableEphemeral[row]!, requestedEphemeral[row]!))
    bits |= shortageEphemeral
  return bits
}

function exceeds(wanted: number, allocatable: number, requested: number): boolean {
  return wanted > 0 && wanted > allocatable - requested
}

function fitScoreOf(request: PodAmounts, columns: Columns, row: number): number {
  const cpu = columns.allocatableMilliCpu[row]!
  const memory = columns.allocatableMemory[row]!
  const resources = (cpu > 0 ? 1 : 0) + (memory > 0 ? 1 : 0)
  if (resources === 0) return 0
  const cpuScore = leastAllocated(columns.nonZeroMilliCpu[row]! + request.nonZeroMilliCpu, cpu)
  const memoryScore = leastAllocated(columns.nonZeroMemory[row]! + request.nonZeroMemory, memory)
  return Math.floor((cpuScore + memoryScore) / resources)
}

function leastAllocated(requested: number, allocatable: number): number {
  if (allocatable <= 0 || requested > allocatable) return 0
  return Math.floor(((allocatable - requested) * 100) / allocatable)
}

function balanceScoreOf(request: PodAmounts, columns: Columns, row: number): number {
  const cpu = columns.allocatableMilliCpu[row]!
  const memory = columns.allocatableMemory[row]!
  if (cpu <= 0 || memory <= 0) return 100
  const cpuFraction = Math.min((columns.requestedMilliCpu[row]! + request.milliCpu) / cpu, 1)
  const memoryFraction = Math.min((columns.requestedMemory[row]! + request.memory) / memory, 1)
  return Math.trunc((1 - Math.abs((cpuFraction - memoryFraction) / 2)) * 100)
}

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
  let columns = new Map<NodeColumn, Float64Array>()
  let shortages = new Uint8Array(0)
  let fitScores = new Uint8Array(0)
  let balanceScores = new Uint8Array(0)
  return {
    reserve(rows) {
      if (rows <= shortages.length) return
      const size = Math.max(rows, shortages.length * 2, 64)
      columns = new Map(nodeColumns.map(name => [name, grown(columns.get(name), size)]))
      shortages = new Uint8Array(size)
      fitScores = new Uint8Array(size)
      balanceScores = new Uint8Array(size)
    },
    set: (row, column, amount) => {
      columns.get(column)![row] = amount
    },
    get: (row, column) => columns.get(column)![row]!,
    judge(request, rows) {
      const at = (name: NodeColumn, row: number) => columns.get(name)![row]!
      for (let row = 0; row < rows; row++) {
        shortages[row] = shortagesOf(request, name => at(name, row))
        fitScores[row] = fitScoreOf(request, name => at(name, row))
        balanceScores[row] = balanceScoreOf(request, name => at(name, row))
      }
    },
    get shortages() {
      return shortages
    },
    get fitScores() {
      return fitScores
    },
    get balanceScores() {
      return balanceScores
    },
  }
}

type ReadColumn = (name: NodeColumn) => number

function shortagesOf(request: PodAmounts, at: ReadColumn): number {
  let bits = at('pods') + 1 > at('allowedPods') ? shortagePods : 0
  if (exceeds(request.milliCpu, at('allocatableMilliCpu'), at('requestedMilliCpu'))) bits |= shortageCpu
  if (exceeds(request.memory, at('allocatableMemory'), at('requestedMemory'))) bits |= shortageMemory
  if (exceeds(request.ephemeralStorage, at('allocatableEphemeral'), at('requestedEphemeral')))
    bits |= shortageEphemeral
  return bits
}

function exceeds(wanted: number, allocatable: number, requested: number): boolean {
  return wanted > 0 && wanted > allocatable - requested
}

function fitScoreOf(request: PodAmounts, at: ReadColumn): number {
  const cpu = at('allocatableMilliCpu')
  const memory = at('allocatableMemory')
  const resources = (cpu > 0 ? 1 : 0) + (memory > 0 ? 1 : 0)
  if (resources === 0) return 0
  const cpuScore = leastAllocated(at('nonZeroMilliCpu') + request.nonZeroMilliCpu, cpu)
  const memoryScore = leastAllocated(at('nonZeroMemory') + request.nonZeroMemory, memory)
  return Math.floor((cpuScore + memoryScore) / resources)
}

function leastAllocated(requested: number, allocatable: number): number {
  return allocatable <= 0 || requested > allocatable
    ? 0
    : Math.floor(((allocatable - requested) * 100) / allocatable)
}

function balanceScoreOf(request: PodAmounts, at: ReadColumn): number {
  const cpu = at('allocatableMilliCpu')
  const memory = at('allocatableMemory')
  if (cpu <= 0 || memory <= 0) return 100
  const cpuFraction = Math.min((at('requestedMilliCpu') + request.milliCpu) / cpu, 1)
  const memoryFraction = Math.min((at('requestedMemory') + request.memory) / memory, 1)
  return Math.trunc((1 - Math.abs((cpuFraction - memoryFraction) / 2)) * 100)
}

function grown(column: Float64Array | undefined, size: number): Float64Array {
  const larger = new Float64Array(size)
  if (column) larger.set(column)
  return larger
}

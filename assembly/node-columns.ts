/**
 * Filter and score of node resources, a row per node (src/kernels/node-columns.ts says what the figures mean).
 *
 * The caller owns the memory. From `base` on, each of `capacity` doubles, 16-byte aligned:
 *
 *   0 allowedPods | 1 pods | 2 allocatableMilliCpu | 3 requestedMilliCpu | 4 nonZeroMilliCpu
 *   5 allocatableMemory | 6 requestedMemory | 7 nonZeroMemory | 8 allocatableEphemeral | 9 requestedEphemeral
 *
 * then three byte columns of `capacity` each: shortages, fit scores, balance scores. Two rows are judged at a
 * time in the two lanes of a vector; `capacity` is even, so that the last pair may run over into unused rows.
 */


@inline
function column(base: usize, capacity: usize, index: usize, row: usize): v128 {
  return v128.load(base + (index * capacity + row) * 8)
}

/** `bit` in both lanes where `wanted` is positive and more than what is left. */
@inline
function shortage(wanted: v128, allocatable: v128, requested: v128, bit: i64): v128 {
  const short = v128.and(f64x2.gt(wanted, f64x2.splat(0)), f64x2.gt(wanted, f64x2.sub(allocatable, requested)))
  return v128.and(short, i64x2.splat(bit))
}

/** floor((allocatable - requested) * 100 / allocatable), or 0 where nothing is left. */
@inline
function leastAllocated(requested: v128, allocatable: v128): v128 {
  const score = f64x2.floor(f64x2.div(f64x2.mul(f64x2.sub(allocatable, requested), f64x2.splat(100)), allocatable))
  const none = v128.or(f64x2.le(allocatable, f64x2.splat(0)), f64x2.gt(requested, allocatable))
  return v128.andnot(score, none)
}

@inline
function storePair(at: usize, low: i32, high: i32): void {
  store<u16>(at, <u16>(low | (high << 8)))
}

export function judge(
  base: usize,
  capacity: usize,
  rows: usize,
  milliCpu: f64,
  memory: f64,
  ephemeral: f64,
  nonZeroMilliCpu: f64,
  nonZeroMemory: f64,
): void {
  const cpuWanted = f64x2.splat(milliCpu)
  const memoryWanted = f64x2.splat(memory)
  const ephemeralWanted = f64x2.splat(ephemeral)
  const cpuAssumed = f64x2.splat(nonZeroMilliCpu)
  const memoryAssumed = f64x2.splat(nonZeroMemory)
  const shortages = base + capacity * 80
  const fits = shortages + capacity
  const balances = fits + capacity
  for (let row: usize = 0; row < rows; row += 2) {
    const cpu = column(base, capacity, 2, row)
    const cpuUsed = column(base, capacity, 3, row)
    const mem = column(base, capacity, 5, row)
    const memUsed = column(base, capacity, 6, row)

    const pods = f64x2.gt(f64x2.add(column(base, capacity, 1, row), f64x2.splat(1)), column(base, capacity, 0, row))
    let bits = v128.and(pods, i64x2.splat(1))
    bits = v128.or(bits, shortage(cpuWanted, cpu, cpuUsed, 2))
    bits = v128.or(bits, shortage(memoryWanted, mem, memUsed, 4))
    bits = v128.or(bits, shortage(ephemeralWanted, column(base, capacity, 8, row), column(base, capacity, 9, row), 8))
    storePair(shortages + row, <i32>i64x2.extract_lane(bits, 0), <i32>i64x2.extract_lane(bits, 1))

    const hasCpu = f64x2.gt(cpu, f64x2.splat(0))
    const hasMemory = f64x2.gt(mem, f64x2.splat(0))
    const resources = f64x2.add(v128.and(hasCpu, f64x2.splat(1)), v128.and(hasMemory, f64x2.splat(1)))
    const cpuScore = leastAllocated(f64x2.add(column(base, capacity, 4, row), cpuAssumed), cpu)
    const memoryScore = leastAllocated(f64x2.add(column(base, capacity, 7, row), memoryAssumed), mem)
    const fit = v128.and(f64x2.floor(f64x2.div(f64x2.add(cpuScore, memoryScore), resources)), f64x2.gt(resources, f64x2.splat(0)))
    storePair(fits + row, <i32>f64x2.extract_lane(fit, 0), <i32>f64x2.extract_lane(fit, 1))

    const cpuFraction = f64x2.pmin(f64x2.div(f64x2.add(cpuUsed, cpuWanted), cpu), f64x2.splat(1))
    const memoryFraction = f64x2.pmin(f64x2.div(f64x2.add(memUsed, memoryWanted), mem), f64x2.splat(1))
    const apart = f64x2.abs(f64x2.mul(f64x2.sub(cpuFraction, memoryFraction), f64x2.splat(0.5)))
    const even = f64x2.trunc(f64x2.mul(f64x2.sub(f64x2.splat(1), apart), f64x2.splat(100)))
    const both = v128.and(hasCpu, hasMemory)
    const balance = v128.bitselect(even, f64x2.splat(100), both)
    storePair(balances + row, <i32>f64x2.extract_lane(balance, 0), <i32>f64x2.extract_lane(balance, 1))
  }
}

import { expect, test } from 'bun:test'
import { simRandom } from '../std/sim-ports.ts'
import { createNodeColumnsTwin, type NodeColumns, nodeColumns } from './node-columns.ts'
import { createNodeColumns } from './node-columns-wasm.ts'

const random = simRandom(7)
const amount = (max: number) => (random.next() < 0.15 ? 0 : Math.floor(random.next() * max))
const milliCpuMax = 64_000
const bytesMax = 2 ** 40

function fillRow(columns: readonly NodeColumns[], row: number): void {
  for (const name of nodeColumns) {
    const max = /[Pp]ods/.test(name) ? 200 : /Cpu/.test(name) ? milliCpuMax : bytesMax
    const value = amount(max)
    for (const one of columns) one.set(row, name, value)
  }
}

test('kernel and twin agree on 100,000 rows, growing on the way', () => {
  const [kernel, twin] = [createNodeColumns(), createNodeColumnsTwin()]
  let judged = 0
  for (let rows = 1; judged < 100_000; rows = Math.min(rows * 2 + 1, 5_000)) {
    for (const columns of [kernel, twin]) columns.reserve(rows)
    for (let row = 0; row < rows; row++) fillRow([kernel, twin], row)
    const request = {
      milliCpu: amount(8_000),
      memory: amount(2 ** 36),
      ephemeralStorage: amount(2 ** 36),
      nonZeroMilliCpu: 100 + amount(8_000),
      nonZeroMemory: 2 ** 20 + amount(2 ** 36),
    }
    for (const columns of [kernel, twin]) columns.judge(request, rows)
    expect(Buffer.from(kernel.shortages.subarray(0, rows))).toEqual(
      Buffer.from(twin.shortages.subarray(0, rows)),
    )
    expect(Buffer.from(kernel.fitScores.subarray(0, rows))).toEqual(
      Buffer.from(twin.fitScores.subarray(0, rows)),
    )
    expect(Buffer.from(kernel.balanceScores.subarray(0, rows))).toEqual(
      Buffer.from(twin.balanceScores.subarray(0, rows)),
    )
    judged += rows
  }
})

test('values survive growing', () => {
  const kernel = createNodeColumns()
  kernel.reserve(3)
  kernel.set(2, 'allocatableMemory', 12_345)
  kernel.reserve(10_000)
  expect(kernel.get(2, 'allocatableMemory')).toBe(12_345)
})

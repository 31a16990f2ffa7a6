#!/usr/bin/env bun
/** Filter and score of 500 and 5,000 nodes for one pod: WASM kernel beside its TypeScript twin. */
import { createNodeColumnsTwin, type NodeColumns, nodeColumns } from '../../src/kernels/node-columns.ts'
import { createNodeColumns } from '../../src/kernels/node-columns-wasm.ts'
import { compare } from './compare.ts'

const request = {
  milliCpu: 100,
  memory: 2 ** 26,
  ephemeralStorage: 0,
  nonZeroMilliCpu: 100,
  nonZeroMemory: 2 ** 26,
}

function filled(columns: NodeColumns, rows: number): NodeColumns {
  columns.reserve(rows)
  for (let row = 0; row < rows; row++) {
    for (const [position, name] of nodeColumns.entries())
      columns.set(row, name, (row * 7919 + position * 104_729) % 100_000)
  }
  return columns
}

for (const rows of [500, 5_000]) {
  const kernel = filled(createNodeColumns(), rows)
  const twin = filled(createNodeColumnsTwin(), rows)
  compare(`filter and score ${rows} nodes`, {
    kernel: () => kernel.judge(request, rows),
    twin: () => twin.judge(request, rows),
  })
}

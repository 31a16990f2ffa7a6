#!/usr/bin/env bun
/** One selector of two requirements over many objects: WASM index, its TypeScript twin, and a loop over objects. */
import { createLabelIndexTwin, type LabelTest } from '../../src/kernels/label-index.ts'
import { createLabelIndex } from '../../src/kernels/label-index-wasm.ts'
import { matchesLabels, parseLabelSelector } from '../../src/machinery/selector/index.ts'
import { compare } from './compare.ts'

const tests: LabelTest[] = [
  { key: 'app', operator: 'in', values: ['app-1', 'app-2'] },
  { key: 'tier', operator: '!=', values: ['cache'] },
]
const selector = parseLabelSelector('app in (app-1,app-2),tier!=cache')

for (const rows of [500, 5_000, 50_000]) {
  const objects = Array.from({ length: rows }, (_, row) => ({
    app: `app-${row % 50}`,
    tier: row % 3 ? 'web' : 'cache',
    uid: `u${row}`,
  }))
  const [kernel, twin] = [createLabelIndex(), createLabelIndexTwin()]
  for (const [row, labels] of objects.entries()) for (const index of [kernel, twin]) index.set(row, labels)
  compare(`match ${rows} objects`, {
    kernel: () => kernel.match(tests, rows),
    twin: () => twin.match(tests, rows),
    objects: () => objects.filter(labels => matchesLabels(selector, labels)),
  })
}

import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseFlags, withDefaults } from '../flags.ts'
import { metricsFlags } from '../metrics-flags.ts'
import { flagReader } from '../server-flags.ts'
import { metricRules } from './metric-rules.ts'

const folder = mkdtempSync(join(tmpdir(), 'hutch-metric-rules-'))
afterAll(() => rmSync(folder, { recursive: true }))
const manifest = join(folder, 'labels.yaml')

const read = (...argv: string[]) =>
  metricRules(flagReader(withDefaults(metricsFlags, parseFlags(metricsFlags, argv).values)))

test('flags say what is not told, and which values labels have; a manifest says so where no flag does', () => {
  writeFileSync(manifest, 'a_total,verb: get,list\n')
  const file = `--allow-metric-labels-manifest=${manifest}`
  expect(read('--disabled-metrics=a,b', '--allow-metric-labels=a_total,code=200,201', file)).toEqual({
    disabled: new Set(['a', 'b']),
    labelValues: new Map([['a_total,code', new Set(['200', '201'])]]),
  })
  expect(read(file).labelValues).toEqual(new Map([['a_total,verb', new Set(['get', 'list'])]]))
})

test('what names no label is refused', () => {
  expect(() => read('--allow-metric-labels=a_total=200')).toThrow('is not METRIC,LABEL=VALUE,VALUE')
  writeFileSync(manifest, 'a_total: get\n')
  expect(() => read(`--allow-metric-labels-manifest=${manifest}`)).toThrow(
    '"a_total" is not METRIC,LABEL with values',
  )
})

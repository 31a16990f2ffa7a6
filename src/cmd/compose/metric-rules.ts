import { decodeYaml } from '../../machinery/codec/index.ts'
import type { MetricRules } from '../../std/metrics.ts'
import { labelPattern } from '../metrics-flags.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import { readConfigured } from './configured-file.ts'

/** What `--disabled-metrics` and `--allow-metric-labels` say. */
export function metricRules(flags: FlagReader): MetricRules {
  const given = flags.list('allow-metric-labels')
  const pairs = given.length > 0 ? given.map(pairOf) : manifestPairs(flags)
  return {
    disabled: new Set(flags.list('disabled-metrics')),
    labelValues: new Map(pairs.map(([label, values]) => [label, new Set(values.split(','))])),
  }
}

function pairOf(text: string): [label: string, values: string] {
  const [, label = '', values = ''] = labelPattern.exec(text) ?? []
  return [label, values]
}

function manifestPairs(flags: FlagReader): [string, string][] {
  const flag = 'allow-metric-labels-manifest'
  const path = flags.optional(flag)
  if (path === undefined) return []
  const entries = Object.entries(JSON.parse(decodeYaml(readConfigured(path, flag)).json) ?? {})
  const wrong = entries.find(([label, values]) => !labelPattern.test(`${label}=${String(values)}`))
  if (wrong) throw new UserError(`--${flag}: ${path}: "${wrong[0]}" is not METRIC,LABEL with values`)
  return entries.map(([label, values]) => [label, String(values)])
}

import type { Flag } from './flags.ts'

/** `METRIC,LABEL` and the values that it may have. */
export const labelPattern = /^([a-zA-Z_:][\w:]*,[a-zA-Z_]\w*)=(.+)$/

/** What of the metrics is told: names and meanings are kube-apiserver's. */
export const metricsFlags: readonly Flag[] = [
  {
    ...{ name: 'disabled-metrics', type: 'list', placeholder: 'NAME' },
    help: 'metrics that are not told; repeatable',
  },
  {
    ...{ name: 'allow-metric-labels', type: 'list', keepsCommas: true, placeholder: 'METRIC,LABEL=VALUES' },
    help: 'values of a label, with commas between; others are told as "unexpected"; repeatable',
    check: text => {
      if (!labelPattern.test(text)) throw new Error(`"${text}" is not METRIC,LABEL=VALUE,VALUE`)
    },
  },
  {
    ...{ name: 'allow-metric-labels-manifest', type: 'string', placeholder: 'FILE' },
    help: 'the same in YAML, METRIC,LABEL: VALUES; --allow-metric-labels counts instead',
  },
]

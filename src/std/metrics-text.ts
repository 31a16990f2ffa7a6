import type { FamilyState, SeriesState } from './metrics-state.ts'

/** The content type of what `Metrics.text` answers, as upstream's handler names it. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'

/** Families as Prometheus' text format, by name; a family without series is left out. */
export function renderFamilies(families: readonly FamilyState[]): string {
  const sorted = families
    .filter(({ series }) => series.size > 0)
    .sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1))
  return sorted.map(renderFamily).join('')
}

function renderFamily({ type, spec, buckets, series }: FamilyState): string {
  const { name, help, stability, labels = [] } = spec
  let text = `# HELP ${name} ${stability ? `[${stability}] ` : ''}${escapeHelp(help)}\n# TYPE ${name} ${type}\n`
  // Prometheus' clients sort labels by name, and series by the values in that order.
  const order = [...labels.keys()].sort((a, b) => (labels[a]! < labels[b]! ? -1 : 1))
  for (const each of [...series.values()].sort(byLabels(order))) {
    const pairs = order.map(index => `${labels[index]}="${escapeValue(each.labels[index] ?? '')}"`)
    text += each.counts
      ? histogramLines(name, pairs, each, buckets)
      : `${name}${braces(pairs)} ${number(each.value)}\n`
  }
  return text
}

function histogramLines(
  name: string,
  pairs: readonly string[],
  { counts = [], value }: SeriesState,
  buckets: readonly number[],
): string {
  let total = 0
  let text = ''
  for (const [index, count] of counts.entries()) {
    total += count
    const bound = buckets[index]
    const le = `le="${bound === undefined ? '+Inf' : number(bound)}"`
    text += `${name}_bucket${braces([...pairs, le])} ${total}\n`
  }
  return `${text}${name}_sum${braces(pairs)} ${number(value)}\n${name}_count${braces(pairs)} ${total}\n`
}

function byLabels(order: readonly number[]): (a: SeriesState, b: SeriesState) => number {
  return (a, b) => {
    for (const index of order) {
      const [label = '', other = ''] = [a.labels[index], b.labels[index]]
      if (label !== other) return label < other ? -1 : 1
    }
    return 0
  }
}

function braces(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

/** Numbers as Go spells them (strconv's shortest `g`): the bounds of buckets are labels, which are compared as texts. */
function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  const [digits = '', exponent = '0'] = value.toExponential().split('e')
  const size = Number(exponent)
  if (value === 0 || (size >= -4 && size <= 5)) return String(value)
  return `${digits}e${size < 0 ? '-' : '+'}${String(Math.abs(size)).padStart(2, '0')}`
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function escapeValue(text: string): string {
  return /["\\\n]/.test(text)
    ? text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : text
}

/** One line of a metric that is read when it is asked for. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
  /** When it was measured; absent: just now. */
  readonly atMs?: number
}

export interface SampleFamily {
  readonly name: string
  /** With its stability (`[STABLE] …`), where upstream says one. */
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly samples: readonly Sample[]
}

/** Prometheus' text format 0.0.4. A family without samples is left out. */
export function renderSamples(families: readonly SampleFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      ({ name, help, type, samples }) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map(each => line(name, each)).join('')}`,
    )
    .join('')
}

function line(name: string, { labels = {}, value, atMs }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`)
  const braces = pairs.length === 0 ? '' : `{${pairs.join(',')}}`
  return `${name}${braces} ${value}${atMs === undefined ? '' : ` ${Math.round(atMs)}`}\n`
}

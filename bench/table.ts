import type { RestFigures } from './process-figures.ts'
import { restScenes } from './rest.ts'

/** One line of the load generator. */
export interface Sample {
  readonly workload: string
  readonly operations: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  readonly residentMb: number
  readonly errors: number
  /** Watches that the server ended and their watchers took up again. */
  readonly resumed?: number
}

/** What one side did in one round. */
export interface SideRound {
  readonly samples: ReadonlyMap<string, Sample>
  /** At rest, by the scene's name. */
  readonly rest: ReadonlyMap<string, RestFigures>
  /** Seconds until ready, by `start` and `start-1gb`. */
  readonly starts: ReadonlyMap<string, number>
}

/** Rounds in order, each with what every side did in it, by the side's name. */
export type Rounds = readonly ReadonlyMap<string, SideRound>[]

/** One row per workload: the first side's figures, and for every other one the ratio of CPU and of rate. */
export function loadTable(rounds: Rounds, names: readonly string[], workloads: readonly string[]): string {
  const [own, ...others] = names
  const head = [
    'workload',
    `${own} µs CPU/op`,
    ...others.flatMap(name => [`${name} µs CPU/op`, `CPU ratio to ${name}`]),
    `${own} op/s`,
    ...others.map(name => `rate × ${name}`),
    'p99 ms',
    'errors',
  ]
  const rows = workloads
    .filter(workload => !workload.startsWith('memory@'))
    .map(workload => loadRow(rounds, names, workload))
  return table(head, rows)
}

function loadRow(rounds: Rounds, [own, ...others]: readonly string[], workload: string): string[] {
  const of = (round: ReadonlyMap<string, SideRound>, side: string) => round.get(side)?.samples.get(workload)
  const all = (side: string) => rounds.map(round => of(round, side)).filter(isSound)
  const pairs = (side: string) =>
    rounds.flatMap(round => {
      const [a, b] = [of(round, own!), of(round, side)]
      return isSound(a) && isSound(b) ? [[a, b] as const] : []
    })
  return [
    workload,
    median(all(own!).map(cpuMicros)),
    ...others.flatMap(side => [
      median(all(side).map(cpuMicros)),
      spread(pairs(side).map(([a, b]) => cpuMicros(a) / cpuMicros(b))),
    ]),
    median(all(own!).map(rate)),
    ...others.map(side => spread(pairs(side).map(([a, b]) => rate(a) / rate(b)))),
    [own!, ...others].map(side => median(all(side).map(sample => sample.p99Ms ?? Number.NaN))).join(' · '),
    faults([own!, ...others].map(side => rounds.flatMap(round => of(round, side) ?? []))),
  ]
}

/** Errors of all sides, and what of its watches each side ended where any did. */
function faults(sides: readonly (readonly Sample[])[]): string {
  const sum = (samples: readonly Sample[], of: (sample: Sample) => number) =>
    samples.reduce((total, sample) => total + of(sample), 0)
  const errors = sum(sides.flat(), sample => sample.errors)
  const resumed = sides.map(samples => sum(samples, sample => sample.resumed ?? 0))
  return resumed.some(count => count > 0) ? `${errors}, resumed ${resumed.join(' · ')}` : String(errors)
}

/** Memory, and what a control plane costs when nobody asks it anything; one column per side. */
export function restTable(rounds: Rounds, names: readonly string[]): string {
  const figures = (side: string, of: (round: SideRound) => number | undefined) =>
    rounds.flatMap(round => {
      const found = round.get(side)
      const value = found && of(found)
      return value === undefined ? [] : [value]
    })
  const lines: readonly RestLine[] = [
    ...restScenes.flatMap(({ name, title }) => restLines(name, title)),
    ['resident with 50,000 objects of 1 KB (MB)', ({ samples }) => samples.get('memory@50000')?.residentMb],
    ['start to ready, empty store (s)', ({ starts }) => starts.get('start')],
    ['start to ready, store of 1 GB (s)', ({ starts }) => starts.get('start-1gb')],
  ]
  const rows = lines
    .map(([title, of]) => [title, ...names.map(side => median(figures(side, of)))])
    .filter(([, ...cells]) => cells.some(cell => cell !== nothing))
  return rows.length === 0 ? '' : table(['', ...names], rows)
}

type RestLine = readonly [title: string, of: (round: SideRound) => number | undefined]

function restLines(name: string, title: string): readonly RestLine[] {
  return [
    [`${title}: resident (MB)`, ({ rest }) => rest.get(name)?.residentMb],
    [`${title}: CPU of one core (%)`, ({ rest }) => rest.get(name)?.cpuPercent],
    [`${title}: written per day (MB)`, ({ rest }) => rest.get(name)?.writtenMbPerDay],
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

/** A round in which a side failed says nothing about speed. */
function isSound(sample: Sample | undefined): sample is Sample {
  return sample !== undefined && sample.errors === 0 && sample.operations > 0
}

function cpuMicros(sample: Sample): number {
  return (sample.cpuSeconds / sample.operations) * 1e6
}

function rate(sample: Sample): number {
  return sample.operations / sample.seconds
}

const nothing = '–'

function median(numbers: readonly number[]): string {
  const sorted = numbers.filter(value => !Number.isNaN(value)).sort((a, b) => a - b)
  const { length } = sorted
  if (length === 0) return nothing
  return shown((sorted[(length - 1) >> 1]! + sorted[length >> 1]!) / 2)
}

function spread(numbers: readonly number[]): string {
  if (numbers.length === 0) return nothing
  const range = numbers.length > 1 ? ` (${shown(Math.min(...numbers))}–${shown(Math.max(...numbers))})` : ''
  return `**${median(numbers)}**${range}`
}

function shown(value: number): string {
  if (value >= 100) return value.toFixed(0)
  return value === 0 ? '0' : value.toPrecision(3)
}

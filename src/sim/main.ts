/** `bun run src/sim/main.ts --seed N --nodes 100 [--pods 30] [--chaos SECONDS] [--faults rough|awful|late] [--trace] [--log warn]` */
import { parseArgs } from 'node:util'
import { createLogger, type LogLevel } from '../std/log.ts'
import { awfulFaults, lateFaults, roughFaults } from './faults.ts'
import { simulate } from './scenario.ts'
import { formatLine } from './trace.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '100' },
    pods: { type: 'string', default: '30' },
    chaos: { type: 'string', default: '300' },
    faults: { type: 'string', default: 'rough' },
    trace: { type: 'boolean', default: false },
    log: { type: 'string' },
  },
})

const faults = { rough: roughFaults, awful: awfulFaults, late: lateFaults }
const print = (line: string) => void process.stdout.write(`${line}\n`)
const startMs = performance.now()
const clock = {
  nowMs: () => performance.now(),
  monotonicMs: () => performance.now(),
  setTimer: () => () => {},
}
const report = await simulate({
  seed: Number(values.seed),
  nodes: Number(values.nodes),
  podsPerNode: Number(values.pods),
  chaosMs: Number(values.chaos) * 1000,
  faults: faults[values.faults as keyof typeof faults] ?? roughFaults,
  onStep: (atMs, step) =>
    print(
      `${(atMs / 1000).toFixed(3).padStart(9)} s         ${step} [${Math.round(performance.now() - startMs)} ms]`,
    ),
  ...(values.trace && { onLine: line => print(formatLine(line)) }),
  ...(values.log && { log: createLogger(clock, { level: values.log as LogLevel }) }),
})
const list = (counts: ReadonlyMap<string, number>) =>
  [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ')
print(`commits  ${report.commits}: ${list(report.counts)}`)
print(`faults   ${list(report.faults)}; ${report.watches} watches`)
print(
  `time     ${Math.round(report.virtualMs / 1000)} s virtual in ${Math.round(performance.now() - startMs)} ms`,
)
print(`trace    ${report.hash}`)
for (const failure of report.failures.slice(0, 40)) print(`FAILED   ${failure}`)
print(report.failures.length === 0 ? 'all promises were kept' : `${report.failures.length} failures`)
process.exit(report.failures.length === 0 ? 0 : 1)

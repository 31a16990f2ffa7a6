/** HUTCH_BENCH_TINY=1: only see that it runs. */
const isTiny = process.env.HUTCH_BENCH_TINY === '1'
const rounds = isTiny ? 1 : 9
const roundMs = isTiny ? 1 : 60

/**
 * Times alternatives in turn, several rounds, and prints the median of each and its ratio to the first.
 * The clock is Bun's nanosecond counter; a round runs for about 60 ms.
 */
export function compare(title: string, alternatives: Readonly<Record<string, () => unknown>>): void {
  const names = Object.keys(alternatives)
  const times = new Map(names.map(name => [name, [] as number[]]))
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const micros = timed(alternatives[name]!)
      // The first round warms up.
      if (round > 0) times.get(name)!.push(micros)
    }
  }
  const median = (name: string) => times.get(name)!.sort((a, b) => a - b)[rounds >> 1]!
  const base = median(names[0]!)
  const cells = names.map(
    name => `${name} ${median(name).toPrecision(3)} µs (×${(median(name) / base).toFixed(2)})`,
  )
  console.log(`${title}: ${cells.join(' | ')}`)
}

function timed(work: () => unknown): number {
  let runs = 0
  const start = Bun.nanoseconds()
  let now = start
  for (; now - start < roundMs * 1e6; now = Bun.nanoseconds()) {
    for (let i = 0; i < 10; i++) work()
    runs += 10
  }
  return (now - start) / runs / 1000
}

import type { ImportEdge } from './floors.ts'

/** Where the program begins, its Workers and its simulation included. */
const starts = /^src\/cmd\/hutch\.ts$|^src\/cmd\/compose\/[^/]+-worker\.ts$|^src\/sim\/main\.ts$/
/** What is there for tests, and says so by its name. */
const forTests =
  /\.(test|prop\.test|bench|testing|d)\.ts$|\/(testing|suite|golden-\w+|testdata|sim-ports)(\.ts$|\/)|-fixtures\.ts$/

/** One sentence for each file of `src/` that the program never comes to: tests alone would keep it alive. */
export function unreached(paths: readonly string[], edges: readonly ImportEdge[]): string[] {
  const targets = Map.groupBy(edges, ({ from }) => from)
  const seen = new Set<string>()
  const left = paths.filter(path => starts.test(path))
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    left.push(...(targets.get(path) ?? []).map(({ to }) => to))
  }
  return paths
    .filter(path => path.startsWith('src/') && !forTests.test(path) && !seen.has(path))
    .map(path => `${path}: no part of the program uses it`)
}

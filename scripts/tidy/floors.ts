/**
 * The floor plan. Imports point down only; folders on one floor do not import each other, except where
 * `mayImport` says so. Lower number = lower floor.
 */
export interface Floor {
  readonly level: number
  /** Folders below this one that it must not import although they lie lower. */
  readonly never?: readonly string[]
}

export const floors: Readonly<Record<string, Floor>> = {
  std: { level: 0 },
  machinery: { level: 1 },
  kernels: { level: 1 },
  api: { level: 2 },
  storage: { level: 2 },
  client: { level: 3, never: ['storage'] },
  controller: { level: 4, never: ['storage'] },
  server: { level: 5 },
  scheduler: { level: 5, never: ['storage'] },
  controllers: { level: 5, never: ['storage'] },
  kubelet: { level: 5, never: ['storage'] },
  proxy: { level: 5, never: ['storage'] },
  dns: { level: 5, never: ['storage'] },
  cmd: { level: 6 },
  sim: { level: 7 },
}

/** One import statement: both paths relative to the repository, e.g. `src/api/define.ts`. */
export interface ImportEdge {
  readonly from: string
  readonly to: string
  readonly line: number
}

/** One sentence per import that goes up, sideways, or where it is forbidden. Tests may import anything. */
export function floorViolations(edges: readonly ImportEdge[]): string[] {
  return edges.flatMap(edge => {
    const from = folderOf(edge.from)
    const to = folderOf(edge.to)
    if (from === undefined || from === to || isTest(edge.from)) return []
    const where = `${edge.from}:${edge.line}`
    const here = floors[from]
    if (!here) return [`${where}: src/${from} has no floor; add it to scripts/tidy/floors.ts`]
    if (to === undefined)
      return outside.test(edge.to) ? [] : [`${where}: src/ imports ${edge.to} outside src/`]
    const there = floors[to]
    if (!there) return [`${where}: src/${to} has no floor; add it to scripts/tidy/floors.ts`]
    if (there.level > here.level)
      return [`${where}: src/${from} (floor ${here.level}) imports up from src/${to} (floor ${there.level})`]
    if (there.level === here.level)
      return [`${where}: src/${from} imports its sibling src/${to}; move the shared code down`]
    if (here.never?.includes(to))
      return [`${where}: src/${from} must not see src/${to}; go through src/client`]
    return []
  })
}

/** Every import cycle between files, each once, as `a.ts → b.ts → a.ts`. */
export function importCycles(edges: readonly ImportEdge[]): string[] {
  const targets = new Map<string, string[]>()
  for (const { from, to } of edges) targets.set(from, [...(targets.get(from) ?? []), to])
  const state = new Map<string, 'open' | 'done'>()
  const path: string[] = []
  const cycles: string[] = []
  const visit = (file: string) => {
    state.set(file, 'open')
    path.push(file)
    for (const target of targets.get(file) ?? []) {
      if (state.get(target) === 'open') cycles.push([...path.slice(path.indexOf(target)), target].join(' → '))
      else if (!state.has(target)) visit(target)
    }
    path.pop()
    state.set(file, 'done')
  }
  for (const file of targets.keys()) if (!state.has(file)) visit(file)
  return cycles
}

/** What a source file may read from outside of `src/`. */
const outside = /^package\.json$|^wasm\/.*\.wasm$/

function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1]
}

function isTest(path: string): boolean {
  return /\.(test|prop\.test|bench)\.ts$|\/testing\.ts$|\/testdata\//.test(path)
}

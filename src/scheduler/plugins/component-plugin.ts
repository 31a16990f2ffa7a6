import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { SchedulerPlugin } from '../framework/plugin.ts'

/** The world `score-plugin` of wasm/wit, as jco binds it. */
interface ScorePlugin {
  score(request: { milliCpu: number; memory: number }, nodes: readonly ComponentNode[]): Uint8Array
}

interface ComponentNode {
  readonly allocatableMilliCpu: number
  readonly requestedMilliCpu: number
  readonly allocatableMemory: number
  readonly requestedMemory: number
}

/**
 * Loads a scheduler plugin from a WASM component file. It runs in its own memory and sees only the figures of the
 * world; it has no imports, so it can reach nothing else. Throws a sentence that names the file when it is not such
 * a component. jco is loaded only here.
 */
export async function loadComponentPlugin(path: string): Promise<SchedulerPlugin> {
  const { transpile } = await loadJco(path)
  const instance = await instantiate(path, transpile).catch(error => {
    throw new Error(`${path} is not a component of the world hutch:scheduler/score-plugin: ${String(error)}`)
  })
  return {
    name: basename(path, '.wasm'),
    scoreColumns({ snapshot, resources }, rows, scores) {
      const { columns } = snapshot
      const nodes = rows.map(row => ({
        allocatableMilliCpu: columns.get(row, 'allocatableMilliCpu'),
        requestedMilliCpu: columns.get(row, 'nonZeroMilliCpu'),
        allocatableMemory: columns.get(row, 'allocatableMemory'),
        requestedMemory: columns.get(row, 'nonZeroMemory'),
      }))
      const given = instance.score(
        { milliCpu: resources.nonZeroMilliCpu, memory: resources.nonZeroMemory },
        nodes,
      )
      for (const [index, row] of rows.entries()) scores[row] = Math.min(given[index] ?? 0, 100)
    },
  }
}

type Jco = typeof import('@bytecodealliance/jco')

/** The compiled binary is without jco, which is larger than all of Hutch. */
async function loadJco(path: string): Promise<Jco> {
  try {
    return await import('@bytecodealliance/jco')
  } catch (error) {
    throw new Error(
      `${path} cannot be loaded, scheduler plugins from files need the checkout: ${String(error)}`,
    )
  }
}

/** jco turns the component into a module of JavaScript and core modules; the module is imported from a folder of its own. */
async function instantiate(path: string, transpile: Jco['transpile']): Promise<ScorePlugin> {
  const { files, imports } = await transpile(readFileSync(path), {
    name: 'plugin',
    instantiation: 'sync',
    noTypescript: true,
  })
  if (imports.length > 0) throw new Error(`it imports ${imports.join(', ')}, a plugin may import nothing`)
  const parts = new Map(Object.entries(files))
  const directory = mkdtempSync(join(tmpdir(), 'hutch-plugin-'))
  try {
    const entry = join(directory, 'plugin.js')
    writeFileSync(entry, parts.get('plugin.js')!)
    const { instantiate } = (await import(entry)) as {
      instantiate(core: (name: string) => WebAssembly.Module, imports: object): ScorePlugin
    }
    return instantiate(name => new WebAssembly.Module(new Uint8Array(parts.get(name)!)), {})
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

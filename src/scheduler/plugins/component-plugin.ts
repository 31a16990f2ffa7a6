import { basename } from 'node:path'
import { instantiateComponent, transpileComponent } from '../../kernels/component.ts'
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
 * Loads a scheduler plugin from a WASM component file; it sees only the figures of the world. Throws a sentence that
 * names the file when it is not such a component.
 */
export async function loadComponentPlugin(path: string): Promise<SchedulerPlugin> {
  const instance = await loadInstance(path).catch(error => {
    throw new Error(
      `${path} cannot be loaded as a component of the world hutch:scheduler/score-plugin: ${String(error)}`,
    )
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

async function loadInstance(path: string): Promise<ScorePlugin> {
  return instantiateComponent<ScorePlugin>(await transpileComponent(path))
}

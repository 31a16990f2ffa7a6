/** Runs in a Worker: one instance of a component, asked by messages, so that what it does holds up nobody else. */
import { instantiateComponent, type TranspiledComponent } from '../../kernels/component.ts'

export interface WorkerStart {
  readonly component: TranspiledComponent
  readonly memoryBytesMax: number
}

export interface WorkerQuestion {
  readonly id: number
  readonly text: string
}

export type WorkerAnswer =
  | { readonly id: number; readonly text: string }
  | { readonly id: number; readonly fault: string }

interface Plugin {
  review(text: string): string
}

declare const self: Worker

let start: WorkerStart | undefined
let instance: Promise<Plugin> | undefined

self.onmessage = async ({ data }: MessageEvent<WorkerStart | WorkerQuestion>) => {
  if ('component' in data) {
    start = data
    return
  }
  self.postMessage(await answer(data))
}

async function answer({ id, text }: WorkerQuestion): Promise<WorkerAnswer> {
  try {
    instance ??= instantiateComponent<Plugin>(start!.component, start!.memoryBytesMax)
    const plugin = await instance
    return { id, text: plugin.review(text) }
  } catch (error) {
    return { id, fault: String(error) }
  }
}

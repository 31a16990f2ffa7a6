export type WorkerName = 'component' | 'vast' | 'yaml'

/**
 * A Worker of this program, by the name of its file in this folder. `scripts/bundle` and `scripts/build` put it beside
 * the program, compiled. It does not keep the process alive.
 */
export function startWorker(name: WorkerName): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./${name}-worker.${extension}`, import.meta.url))
  worker.unref()
  return worker
}

import { readFileSync } from 'node:fs'

/**
 * Instantiates a kernel. `path` comes from `import … with { type: 'file' }`, so that the module lies beside the
 * source in a checkout and inside the binary when compiled. Kernels import nothing.
 */
export function loadKernel<T>(path: string): T & { readonly memory: WebAssembly.Memory } {
  const module = new WebAssembly.Module(readFileSync(path))
  return new WebAssembly.Instance(module, {}).exports as unknown as T & {
    readonly memory: WebAssembly.Memory
  }
}

/**
 * WASM components from files, in any language, as jco binds them. They run in memory of their own and have no imports, so
 * they can reach nothing else.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { limitMemory } from './memory-limit.ts'

/** A component made into a module of JavaScript and core modules by name; it can be sent to a Worker. */
export interface TranspiledComponent {
  readonly entry: Uint8Array
  readonly modules: ReadonlyMap<string, Uint8Array>
}

/**
 * Reads a component. Throws for what is none, for one that imports something, and for one that does not export the
 * function `wanted`, when that is given. jco is loaded only here.
 */
export async function transpileComponent(path: string, wanted?: string): Promise<TranspiledComponent> {
  const { $init, generate } = await import('@bytecodealliance/jco-transpile/component')
  await $init
  const { files, imports, exports } = generate(readFileSync(path), {
    name: 'plugin',
    instantiation: { tag: 'sync' },
    noTypescript: true,
  })
  if (imports.length > 0) throw new Error(`it imports ${imports.join(', ')}, a plugin may import nothing`)
  if (wanted !== undefined && !exports.some(([name]) => name === wanted))
    throw new Error(`it exports no function "${wanted}"`)
  const parts = new Map(files)
  const entry = parts.get('plugin.js')!
  parts.delete('plugin.js')
  return { entry, modules: parts }
}

/** The exports of a new instance; its memory grows no further than `memoryBytesMax`, when that is given. */
export async function instantiateComponent<T>(
  { entry, modules }: TranspiledComponent,
  memoryBytesMax?: number,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'hutch-plugin-'))
  try {
    const file = join(directory, 'plugin.js')
    writeFileSync(file, entry)
    const { instantiate } = (await import(file)) as {
      instantiate(core: (name: string) => WebAssembly.Module, imports: object): T
    }
    return instantiate(name => {
      const bytes = new Uint8Array(modules.get(name)!)
      return new WebAssembly.Module(memoryBytesMax === undefined ? bytes : limitMemory(bytes, memoryBytesMax))
    }, {})
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

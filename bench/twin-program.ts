import { join } from 'node:path'

const root = join(import.meta.dir, '..')
const directory = join(root, '.cache/bench/twin')

/** Stands in for the JSON patch kernel where nothing is patched in bytes: every object is written anew. */
const withoutKernel = 'export const createJsonPatcher = () => ({ patch: () => undefined })'

/** Builds the program of `scripts/bundle` without the JSON patch kernel, to see what the kernel is worth in all of it; the file to run. */
export async function buildTwin(): Promise<string> {
  await Bun.build({
    entrypoints: [join(root, 'src/cmd/hutch.ts')],
    target: 'bun',
    splitting: true,
    minify: { whitespace: true, syntax: true },
    external: ['@bytecodealliance/jco'],
    publicPath: `${directory}/`,
    outdir: directory,
    plugins: [
      {
        name: 'without-kernel',
        setup(build) {
          const filter = /src\/kernels\/json-patch-bytes\.ts$/
          build.onLoad({ filter }, () => ({ contents: withoutKernel, loader: 'ts' }))
        },
      },
    ],
  })
  return join(directory, 'hutch.js')
}

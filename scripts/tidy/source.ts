import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { listedFiles } from '../listed-files.ts'
import type { ImportEdge } from './floors.ts'

export interface SourceFile {
  /** Relative to the repository. */
  readonly path: string
  readonly text: string
  readonly lines: readonly string[]
}

/** Every hand-written TypeScript file that git knows or would add. */
export async function readSources(root: string): Promise<SourceFile[]> {
  return listedFiles(root, '.ts')
    .filter(path => !path.endsWith('.gen.ts') && !path.includes('testdata/'))
    .flatMap(path => {
      const file = Bun.file(join(root, path))
      if (file.size === 0) return []
      const text = readFileSync(join(root, path), 'utf8')
      return [{ path, text, lines: text.split('\n') }]
    })
}

const importPattern =
  /^\s*(?:import|export)\b[^'"]*?from\s+['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]\s*\)|^\s*\}\s*from\s+['"](\.[^'"]+)['"]/

/** The relative imports of a file, `import type` and dynamic ones included. */
export function importsOf(file: SourceFile): ImportEdge[] {
  return file.lines.flatMap((text, index) => {
    const match = importPattern.exec(text)
    const target = match?.[1] ?? match?.[2] ?? match?.[3]
    if (target === undefined) return []
    return [{ from: file.path, to: normalize(join(dirname(file.path), target)), line: index + 1 }]
  })
}

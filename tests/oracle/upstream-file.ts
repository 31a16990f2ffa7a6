import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where Go keeps the modules that it has fetched. */
export const goModules =
  process.env.GOMODCACHE ?? join(process.env.GOPATH ?? join(homedir(), 'go'), 'pkg/mod')

/** A file that is published with upstream's module, and why it is not here; told once where it is skipped. */
export function upstreamFile(
  path: string,
  subject: string,
): { readonly path: string; readonly missing?: string } {
  const found = join(goModules, 'k8s.io/kubernetes@v1.35.4', path)
  if (existsSync(found)) return { path: found }
  const missing = `no ${found}`
  console.warn(`SKIP ${subject}: ${missing}`)
  return { path: found, missing }
}

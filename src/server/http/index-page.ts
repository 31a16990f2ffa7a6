import type { Routes } from './routes.ts'

/** What mounted pages without a fixed path are not listed by. */
const isFixed = (path: string) => !/[:*]/.test(path)

/**
 * `/`: the paths that this server answers, the mounted ones and those of `versions` (`apps/v1`, `v1`), sorted
 * (apiserver pkg/server/routes Index). Mounted last.
 */
export function mountIndex(routes: Routes, versions: () => readonly string[]): void {
  const answer = () => {
    const mounted = routes.routes
      .map(({ path }) => ofFolder(path))
      .filter(path => isFixed(path) && isTold(path))
    const single = mounted.filter(path => !path.endsWith('/') || listedWithSlash.has(path))
    const paths = [...new Set([...single, ...versions().flatMap(pathsOf)])].toSorted()
    return new Response(JSON.stringify({ paths }, undefined, 2), {
      headers: { 'content-type': 'application/json' },
    })
  }
  routes.get('/', answer)
  routes.get('/index.html', answer)
}

/** Upstream serves pages about its process without telling of them; what joining nodes ask for they know; one is the scheduler's. */
const untold = ['/debug/', '/cacerts', '/hutch/', '/metrics/resources']
const isTold = (path: string) =>
  path !== '/' && path !== '/index.html' && !untold.some(start => path.startsWith(start))

/** What lies below a page that is listed with its slash is mounted as one. */
const ofFolder = (path: string) =>
  listedWithSlash.has(path.replace(/\*$/, '')) ? path.replace(/\*$/, '') : path
const listedWithSlash: ReadonlySet<string> = new Set(['/apis/', '/openapi/v3/'])

function pathsOf(version: string): string[] {
  const slash = version.indexOf('/')
  return slash < 0 ? [`/api/${version}`] : [`/apis/${version.slice(0, slash)}`, `/apis/${version}`]
}

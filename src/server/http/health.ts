import type { Routes } from './routes.ts'

/** A named condition of the server: undefined when it holds, else why not. */
export interface HealthCheck {
  readonly name: string
  readonly check: () => string | undefined
}

export interface HealthChecks {
  readonly live: readonly HealthCheck[]
  /** Also asked by `/readyz`, after `live`. */
  readonly ready: readonly HealthCheck[]
}

/** `/livez`, `/readyz` and `/healthz`, each check also by its own path, as apiserver pkg/server/healthz answers. */
export function mountHealth(routes: Routes, checks: HealthChecks): void {
  const paths = { healthz: checks.live, livez: checks.live, readyz: [...checks.live, ...checks.ready] }
  for (const [name, list] of Object.entries(paths)) {
    routes.get(`/${name}`, c => {
      const query = c.env.context.query
      return answer(name, list, { verbose: query.has('verbose'), excluded: query.getAll('exclude') })
    })
    for (const each of list) {
      routes.get(`/${name}/${each.name}`, () => answer(each.name, [each], { verbose: false, excluded: [] }))
    }
  }
}

interface HealthRequest {
  readonly verbose: boolean
  readonly excluded: readonly string[]
}

const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }

function answer(
  name: string,
  checks: readonly HealthCheck[],
  { verbose, excluded }: HealthRequest,
): Response {
  let failed = false
  let report = ''
  for (const { name: each, check } of checks) {
    if (excluded.includes(each)) {
      report += `[+]${each} excluded: ok\n`
      continue
    }
    const reason = check()
    failed ||= reason !== undefined
    report += reason === undefined ? `[+]${each} ok\n` : `[-]${each} failed: reason withheld\n`
  }
  if (failed) return new Response(`${report}${name} check failed\n`, { status: 500, headers })
  return new Response(verbose ? `${report}${name} check passed\n` : 'ok', { headers })
}

import { createMetrics, type Metrics } from '../../std/metrics.ts'
import type { Logger } from '../../std/ports.ts'
import type { Routes } from './routes.ts'

/** A named condition of the server: undefined when it holds, else why not. */
export interface HealthCheck {
  readonly name: string
  readonly check: () => string | undefined | Promise<string | undefined>
  /** Only `/readyz` asks: the process is well, and yet nobody shall be sent here. */
  readonly isReadiness?: boolean
  /** Of what the store needs: told beside it, and not by `/livez`, for another start would not help. */
  readonly isOfStore?: boolean
  /** A step of the start: `/livez` may be patient with it for a while. */
  readonly isOfStart?: boolean
}

export interface HealthOptions {
  readonly log: Logger
  /** Whether `/livez` takes steps of the start for done (kube-apiserver --livez-grace-period). */
  readonly isPatient?: () => boolean
}

export interface MountedHealth {
  /** For `/metrics/slis`. */
  readonly slis: Metrics
  /** Asks every check once, for somebody who reads the outcomes before anybody has asked. */
  ask(): Promise<void>
}

/**
 * `/livez`, `/readyz` and `/healthz`, each check also by its own path, as apiserver pkg/server/healthz answers. The
 * result counts the outcomes.
 */
export function mountHealth(
  routes: Routes,
  all: readonly HealthCheck[],
  { log, isPatient }: HealthOptions,
): MountedHealth {
  const slis = createMetrics()
  const count = outcomeCounter(slis)
  const healthz = all.filter(({ isReadiness }) => !isReadiness)
  const livez = healthz.filter(({ isOfStore }) => !isOfStore)
  const paths = { healthz, livez: isPatient ? patiently(livez, isPatient) : livez, readyz: all }
  for (const [name, checks] of Object.entries(paths)) {
    routes.all(`/${name}`, async c => {
      const query = c.env.context.query
      const report = await judge(checks, query.getAll('exclude'), (check, ok) => count(check, name, ok))
      if (report.failed.length > 0) log.warn(`${name} check failed`, { checks: report.failed.join(',') })
      return answer(name, report, query.has('verbose'))
    })
    for (const { name: each, check } of checks) {
      routes.all(`/${name}/${each}`, async () => {
        const reason = await check()
        return reason === undefined
          ? new Response('ok', { headers: plain })
          : new Response(`internal server error: ${reason}\n`, { status: 500, headers })
      })
    }
  }
  return {
    slis,
    async ask() {
      await judge(all, [], (check, ok) => count(check, 'readyz', ok))
    },
  }
}

function patiently(checks: readonly HealthCheck[], isPatient: () => boolean): HealthCheck[] {
  return checks.map(each =>
    each.isOfStart ? { ...each, check: () => (isPatient() ? undefined : each.check()) } : each,
  )
}

const plain = { 'content-type': 'text/plain; charset=utf-8' }
const headers = { ...plain, 'x-content-type-options': 'nosniff' }

interface Report {
  readonly text: string
  readonly failed: readonly string[]
}

async function judge(
  checks: readonly HealthCheck[],
  excluded: readonly string[],
  count: (check: string, ok: boolean) => void,
): Promise<Report> {
  const failed: string[] = []
  const unknown = new Set(excluded)
  let text = ''
  for (const { name, check } of checks) {
    if (excluded.includes(name)) {
      unknown.delete(name)
      text += `[+]${name} excluded: ok\n`
      continue
    }
    const reason = await check()
    count(name, reason === undefined)
    if (reason === undefined) text += `[+]${name} ok\n`
    else {
      failed.push(name)
      text += `[-]${name} failed: reason withheld\n`
    }
  }
  if (unknown.size > 0) {
    const names = [...unknown].sort().map(name => JSON.stringify(name))
    text += `warn: some health checks cannot be excluded: no matches for ${names.join(',')}\n`
  }
  return { text, failed }
}

function answer(name: string, { text, failed }: Report, verbose: boolean): Response {
  if (failed.length > 0) return new Response(`${text}${name} check failed\n`, { status: 500, headers })
  return new Response(verbose ? `${text}${name} check passed\n` : 'ok', { headers })
}

/** component-base metrics/prometheus/slis. */
function outcomeCounter(slis: Metrics) {
  const labels = ['name', 'type']
  const last = slis.gauge({
    name: 'kubernetes_healthcheck',
    help: 'Whether a check held when it was asked last.',
    labels,
    stability: 'STABLE',
  })
  const total = slis.counter({
    name: 'kubernetes_healthchecks_total',
    help: 'Checks asked, by outcome.',
    labels: [...labels, 'status'],
    stability: 'STABLE',
  })
  return (check: string, type: string, ok: boolean) => {
    last.with(check, type).set(ok ? 1 : 0)
    total.with(check, type, ok ? 'success' : 'error').inc()
  }
}

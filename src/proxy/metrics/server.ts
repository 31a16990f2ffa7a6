import { createServer, type Server } from 'node:http'
import type { Metrics } from '../../std/metrics.ts'
import { metricsContentType } from '../../std/metrics-text.ts'
import type { Runnable } from '../../std/ports.ts'

export interface MetricsAddress {
  readonly host: string
  readonly port: number
}

const retryMs = 5_000

/**
 * Tells `metrics` over plain HTTP as kube-proxy does (cmd/kube-proxy serveMetrics: `/metrics`, `/proxyMode`, `/healthz`),
 * with nobody asked who he is: therefore upstream's default address is of the loopback interface. An address that is
 * taken is tried again.
 */
export function serveProxyMetrics(metrics: Metrics, address: MetricsAddress): Runnable {
  return async ({ clock, log }, signal) => {
    const ended = new Promise<void>(resolve => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    while (!signal.aborted) {
      try {
        const server = await listen(metrics, address)
        await ended
        await closed(server)
      } catch (error) {
        log.warn('metrics of the proxy are not served, trying again', { error: String(error) })
        await Promise.race([ended, new Promise<void>(resolve => clock.setTimer(retryMs, resolve))])
      }
    }
  }
}

function listen(metrics: Metrics, { host, port }: MetricsAddress): Promise<Server> {
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1)
    const { code, type, body } = answer(metrics, path)
    response.writeHead(code, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' })
    response.end(body)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}

const plain = 'text/plain; charset=utf-8'

function answer(metrics: Metrics, path: string) {
  if (path === '/metrics') return { code: 200, type: metricsContentType, body: metrics.text() }
  if (path === '/proxyMode') return { code: 200, type: plain, body: 'nftables' }
  if (path === '/healthz') return { code: 200, type: plain, body: 'ok' }
  return { code: 404, type: plain, body: '404 page not found\n' }
}

function closed(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

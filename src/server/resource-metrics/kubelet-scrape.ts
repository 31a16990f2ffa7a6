import { request } from 'node:https'
import type { Node } from '../../api/types/core-v1.gen.ts'
import type { Clock, Ports } from '../../std/ports.ts'
import { connectionThrough } from '../egress/dial.ts'
import { tlsOptions } from '../subresources/forward.ts'
import { type Endpoint, endpointOf, type KubeletTls } from '../subresources/kubelet-access.ts'
import { objectKey, type WatchCache } from '../watchcache/index.ts'
import { parseReading } from './exposition.ts'
import type { NodeReading } from './point.ts'
import type { Scrape } from './sampler.ts'

const timeoutMs = 5_000
const bytesMax = 16 * 1024 * 1024

/** Asks the kubelets of the cluster's nodes by name, with the server's own certificate. */
export function scraperOf(
  { kubelet, ports }: { readonly kubelet?: KubeletTls; readonly ports: Pick<Ports, 'clock'> },
  cache: WatchCache,
): Scrape {
  const tls = kubelet ?? { cert: '', key: '' }
  return async name => {
    const found = cache.get(objectKey({ group: '', plural: 'nodes' }, undefined, name))
    if (!found) throw new Error(`there is no node ${name}`)
    return scrapeKubelet(endpointOf(found.object as Node, tls), ports.clock)
  }
}

/** Reads `/metrics/resource` of the kubelet at `endpoint`; rejects when it does not answer in time. */
function scrapeKubelet(kubelet: Endpoint, clock: Clock): Promise<NodeReading> {
  const { host, port, tls } = kubelet
  const { promise, resolve, reject } = Promise.withResolvers<NodeReading>()
  const secured = tls ? tlsOptions(tls) : {}
  const options = {
    host,
    port,
    path: '/metrics/resource',
    ...secured,
    ...connectionThrough(kubelet, secured),
  }
  const sent = request(options, answer => {
    const chunks: Buffer[] = []
    let size = 0
    answer.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > bytesMax) sent.destroy(new Error('the answer is too large'))
      chunks.push(chunk)
    })
    answer.on('error', reject)
    answer.on('end', () => {
      if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`))
      else resolve(parseReading(Buffer.concat(chunks).toString(), clock.nowMs()))
    })
  })
  const cancel = clock.setTimer(timeoutMs, () =>
    sent.destroy(new Error('the kubelet does not answer in time')),
  )
  sent.on('error', reject)
  sent.end()
  return promise.finally(cancel)
}

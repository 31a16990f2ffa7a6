import type { Node } from '../../api/types/core-v1.gen.ts'
import { mergePatch } from '../../client/client.ts'
import { referenceTo } from '../../client/events.ts'
import { orUndefined } from '../../client/failure.ts'
import type { Worker, WorkerContext } from '../../controller/worker.ts'
import { nodes } from '../kinds.ts'
import { nodesAtOnce } from './nodes-at-once.ts'
import { createRangeMeter } from './range-metrics.ts'
import { RangePool } from './range-pool.ts'

/** Gives each node a range of pod addresses from each range of the cluster (upstream pkg/controller/nodeipam). */
export function nodeIpamController(clusterCidrs: readonly string[]): Worker {
  return {
    name: 'nodeipam',
    identity: 'node-controller',
    eventSource: 'cidrAllocator',
    // A range is held from when it is chosen, so that no two choose the same.
    concurrency: nodesAtOnce,
    start(context) {
      const { store } = context.use(nodes)
      const needy = store.index(needOf)
      const pools = clusterCidrs.map(
        cidr => new RangePool(cidr, createRangeMeter(context.ports.metrics, cidr)),
      )
      context.watch(nodes, (node, old) => {
        const { name } = (node ?? old)!.metadata
        if (node && !needsRange(node)) for (const pool of pools) pool.hold(name!, rangesOf(node))
        // One that has needed a range before was looked at: it gets one when one comes back.
        if (node) return old && (needsRange(old) || !needsRange(node)) ? [] : [name]
        for (const pool of pools) pool.release(name!)
        // A range that came back may be what another node waits for.
        return waiting(needy.get('range'), pools)
      })
      return async name => {
        const node = store.get(undefined, name)
        if (node && needsRange(node)) await assign(context, node, pools)
        return {}
      }
    },
  }
}

/** As many as there are ranges to have. */
function waiting(needy: readonly Node[], pools: readonly RangePool[]): (string | undefined)[] {
  const free = Math.min(...pools.map(pool => pool.free))
  return needy.slice(0, free).map(({ metadata }) => metadata.name)
}

async function assign(
  { client, events }: WorkerContext,
  node: Node,
  pools: readonly RangePool[],
): Promise<void> {
  const name = node.metadata.name!
  const podCIDRs = pools.map(pool => pool.take(name)).filter(range => range !== undefined)
  if (podCIDRs.length < pools.length) {
    const message = `Node ${name} status is now: CIDRNotAvailable`
    events.record(referenceTo(nodes, node), { type: 'Normal', reason: 'CIDRNotAvailable', message })
    return
  }
  await orUndefined(
    client.patch(nodes, undefined, name, {
      type: mergePatch,
      body: { spec: { podCIDR: podCIDRs[0], podCIDRs } },
    }),
  )
}

function rangesOf({ spec }: Node): readonly string[] {
  return spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : [])
}

/** Index projection: one value for all nodes that wait for a range. */
function needOf(node: Node): string | undefined {
  return needsRange(node) ? 'range' : undefined
}

function needsRange({ spec }: Node): boolean {
  return !spec?.podCIDR
}

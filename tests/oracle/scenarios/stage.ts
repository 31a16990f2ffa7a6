import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { nodes } from '../../../src/api/core/node.ts'
import { startCluster } from '../../kubectl/cluster.ts'
import { startStock } from '../stock.ts'
import { runKubelets } from './kubelet.ts'
import { servePodMetrics } from './pod-metrics.ts'
import { openSide, type Side } from './side.ts'

/** Two whole control planes with three nodes each, on which the same simulated kubelets answer. */
export interface Stage {
  readonly ours: Side
  readonly theirs: Side
  close(): Promise<void>
}

/** What Hutch does unasked. A loopback address is none that stock would tell others. */
const stockFlags = [
  `--encryption-provider-config=${join(import.meta.dir, 'encryption.yaml')}`,
  '--encryption-provider-config-automatic-reload',
  '--endpoint-reconciler-type=lease',
  '--advertise-address=192.0.2.1',
].join(' ')

/** `hasMetrics`: the pods tell what they use. */
export async function openStage({ hasMetrics = false } = {}): Promise<Stage> {
  await using opened = new AsyncDisposableStack()
  const [hutch, stock] = await all(
    [startHutch(), startStock('all', { HUTCH_STOCK_FLAGS: stockFlags })],
    opened,
  )
  const sides = await all([openSide(hutch.kubeconfig), openSide(stock.kubeconfig)], opened)
  const stop = new AbortController()
  const kubelets = sides.map(side => runKubelets(side, stop.signal))
  opened.defer(async () => {
    stop.abort()
    await Promise.all(kubelets)
  })
  await Promise.all(sides.map(createNodes))
  if (hasMetrics) for (const side of sides) opened.use(await servePodMetrics(side))
  const kept = opened.move()
  return { ours: sides[0], theirs: sides[1], close: () => kept.disposeAsync() }
}

/** Opens both beside each other; what has opened is disposed of although the other has not. */
async function all<A extends AsyncDisposable, B extends AsyncDisposable>(
  [a, b]: readonly [Promise<A>, Promise<B>],
  opened: AsyncDisposableStack,
): Promise<[A, B]> {
  const settled = await Promise.allSettled([a, b])
  for (const one of settled) if (one.status === 'fulfilled') opened.use(one.value)
  return [await a, await b]
}

async function startHutch() {
  const cluster = await startCluster([
    '--disable-agent',
    '--disable=dns,proxy,metrics-server',
    '--datastore-endpoint=memory',
    '--log-level=warn',
  ])
  return {
    kubeconfig: cluster.kubeconfig,
    async [Symbol.asyncDispose]() {
      await cluster.stop()
      rmSync(cluster.directory, { recursive: true, force: true })
    },
  }
}

async function createNodes({ client, informers }: Side): Promise<void> {
  for (const name of ['node-1', 'node-2', 'node-3'])
    await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } })
  const store = informers.of(nodes).store
  const isUntainted = () => store.size === 3 && store.list().every(({ spec }) => !spec?.taints?.length)
  while (!isUntainted()) await Bun.sleep(50)
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodes } from '../../../src/api/core/node.ts'
import { startCluster } from '../../kubectl/cluster.ts'
import { runKubelets } from './kubelet.ts'
import { openSide, type Side } from './side.ts'

const root = join(import.meta.dir, '../../..')

/** Two whole control planes with three nodes each, on which the same simulated kubelets answer. */
export interface Stage {
  readonly ours: Side
  readonly theirs: Side
  close(): Promise<void>
}

export async function openStage(): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'hutch-scenarios-'))
  const env = { ...process.env, HUTCH_STOCK_DIR: join(directory, 'stock') }
  const stock = async (...words: string[]) => {
    const run = Bun.spawn([join(root, 'scripts/stock'), ...words], { env, stdout: 'pipe', stderr: 'inherit' })
    const said = await new Response(run.stdout).text()
    if ((await run.exited) !== 0) throw new Error(`scripts/stock ${words.join(' ')} failed`)
    return said.trim()
  }
  const flags = [
    '--disable-agent',
    '--disable=dns,proxy,metrics-server',
    '--datastore-endpoint=memory',
    '--log-level=warn',
  ]
  const [hutch, kubeconfig] = await Promise.all([startCluster(flags), stock('start')])
  const stop = new AbortController()
  const sides = await Promise.all([openSide(hutch.kubeconfig), openSide(kubeconfig)])
  const kubelets = sides.map(side => runKubelets(side, stop.signal))
  await Promise.all(sides.map(createNodes))
  return {
    ours: sides[0]!,
    theirs: sides[1]!,
    async close() {
      stop.abort()
      await Promise.all(kubelets)
      await Promise.all(sides.map(side => side.close()))
      await Promise.all([hutch.stop(), stock('stop')])
      rmSync(hutch.directory, { recursive: true, force: true })
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function createNodes({ client, informers }: Side): Promise<void> {
  for (const name of ['node-1', 'node-2', 'node-3'])
    await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } })
  const store = informers.of(nodes).store
  const isUntainted = () => store.size === 3 && store.list().every(({ spec }) => !spec?.taints?.length)
  for (let tries = 0; tries < 600 && !isUntainted(); tries++) await Bun.sleep(50)
}

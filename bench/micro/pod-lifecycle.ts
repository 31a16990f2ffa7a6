/**
 * `bun bench/micro/pod-lifecycle.ts [nodes] [pods per node]`: what a pod's whole life costs in this process, without
 * faults and without waiting: created by a Deployment, scheduled, started, reported Ready, and deleted again, through
 * the real chain, controllers, scheduler and kubelets, over the memory store in virtual time.
 */
import { deployments } from '../../src/controllers/kinds.ts'
import { remains, unconverged } from '../../src/sim/checks.ts'
import { createSimCluster, type SimCluster } from '../../src/sim/cluster.ts'
import { createApp, createNamespaces, plannedWorkload } from '../../src/sim/workload.ts'

const nodes = Number(process.argv[2] ?? 50)
const podsPerNode = Number(process.argv[3] ?? 20)
const podCount = nodes * podsPerNode

const cluster = await createSimCluster({ seed: 1, nodes })
const { admin, ports } = cluster
await createNamespaces(admin)
for (const part of [cluster.controllers, cluster.scheduler, ...cluster.nodes]) part.start()
await ports.clock.advance(10_000)

const wanted = plannedWorkload(nodes, podsPerNode)
await measure(
  'create to Ready',
  () => unconverged(cluster, wanted),
  async () => {
    for (const app of wanted) await createApp(admin, app)
  },
)
await measure(
  'delete to gone',
  () => remains(cluster),
  async () => {
    for (const { namespace, name } of wanted) await admin.delete(deployments, namespace, name)
  },
)
await cluster.stop()

async function measure(
  title: string,
  left: () => Promise<string[]>,
  begin: () => Promise<void>,
): Promise<void> {
  const [before, requests] = [cluster.trace.commits(), writes(cluster)]
  const start = Bun.nanoseconds()
  await begin()
  do await ports.clock.advance(1_000)
  while ((await left()).length > 0)
  const ms = (Bun.nanoseconds() - start) / 1e6
  const commits = cluster.trace.commits() - before
  const made = writes(cluster) - requests
  console.log(
    `${title}: ${podCount} pods in ${ms.toFixed(0)} ms, ${((podCount / ms) * 1000).toFixed(0)} pods/s; ` +
      `${(commits / podCount).toFixed(1)} commits and ${(made / podCount).toFixed(1)} write requests per pod, ` +
      `${((ms * 1000) / made).toFixed(0)} µs per request`,
  )
}

function writes({ writeCalls }: SimCluster): number {
  return [...writeCalls.values()].reduce((sum, count) => sum + count, 0)
}

/**
 * `bun bench/micro/scheduler-cycle.ts [nodes] [pods] [twin]`: what placing one pod costs, without API and store, when
 * half of the pods are there already, with the kernels or with their twins. CPU time of this process per pod.
 */
import { services } from '../../src/api/core/service.ts'
import type { Pod } from '../../src/api/types/core-v1.gen.ts'
import { createLabelIndexTwin } from '../../src/kernels/label-index.ts'
import { createLabelIndex } from '../../src/kernels/label-index-wasm.ts'
import { createNodeColumnsTwin } from '../../src/kernels/node-columns.ts'
import { createNodeColumns } from '../../src/kernels/node-columns-wasm.ts'
import { testCluster, testNode, testPod } from '../../src/scheduler/testing.ts'

const app = { app: 'web' }
const zone = 'topology.kubernetes.io/zone'
const labelSelector = { matchLabels: app }
const term = { topologyKey: 'kubernetes.io/hostname', labelSelector }
type PodSpec = NonNullable<Pod['spec']>

/** Each with what its pods ask for besides CPU and memory. */
const sorts: Readonly<Record<string, Partial<PodSpec>>> = {
  plain: {},
  'node affinity': { nodeSelector: { even: 'yes' } },
  'hard spread over zones': {
    topologySpreadConstraints: [
      { maxSkew: 5, topologyKey: zone, whenUnsatisfiable: 'DoNotSchedule', labelSelector },
    ],
  },
  'preferred pod anti-affinity': {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }],
      },
    },
  },
  'required pod anti-affinity': {
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
  },
}

const usesTwins = process.argv[4] === 'twin'

/** Places `podCount` pods of each sort on `nodeCount` nodes; answers microseconds of CPU time per pod. */
function schedulerCycles(nodeCount: number, podCount: number): Map<string, number> {
  const results = new Map<string, number>()
  for (const [sort, spec] of Object.entries(sorts)) results.set(sort, measure(nodeCount, podCount, spec))
  return results
}

function measure(nodeCount: number, podCount: number, spec: Partial<PodSpec>): number {
  const service = { metadata: { name: 's', namespace: 'default' }, spec: { selector: app } }
  const cluster = testCluster({
    kernels: usesTwins
      ? { columns: createNodeColumnsTwin(), labels: createLabelIndexTwin() }
      : { columns: createNodeColumns(), labels: createLabelIndex() },
    objects: [[services, [service]]],
    nodes: Array.from({ length: nodeCount }, (_, index) =>
      testNode(`n${index}`, { labels: { [zone]: `z${index % 3}`, even: index % 2 === 0 ? 'yes' : 'no' } }),
    ),
  })
  const place = (index: number) => {
    const pod = testPod(`p${index}`, { cpu: '10m', memory: '10Mi' }, spec, app)
    const verdict = cluster.verdict(pod)
    if (verdict.outcome === 'node') cluster.snapshot.assume(pod, verdict.node.name)
  }
  const half = Math.ceil(podCount / 2)
  for (let index = 0; index < half; index++) place(index)
  const start = process.cpuUsage()
  for (let index = half; index < podCount; index++) place(index)
  const used = process.cpuUsage(start)
  return (used.user + used.system) / Math.max(1, podCount - half)
}

if (import.meta.main) {
  const [nodes = 500, pods = 2000] = process.argv.slice(2).map(Number)
  for (const [sort, micros] of schedulerCycles(nodes, pods))
    console.log(`${micros.toFixed(0).padStart(6)} µs  ${sort}`)
}

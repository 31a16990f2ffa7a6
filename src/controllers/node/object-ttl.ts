import type { Node } from '../../api/types/core-v1.gen.ts'
import { strategicPatch } from '../../client/client.ts'
import { orUndefined } from '../../client/failure.ts'
import type { Worker } from '../../controller/worker.ts'
import { nodes } from '../kinds.ts'

const annotation = 'node.alpha.kubernetes.io/ttl'

interface Step {
  readonly min: number
  readonly max: number
  readonly seconds: number
}

/** The steps overlap, so that a cluster at a boundary does not go to and fro. */
const steps: readonly Step[] = [
  { min: 0, max: 100, seconds: 0 },
  { min: 90, max: 500, seconds: 15 },
  { min: 450, max: 1000, seconds: 30 },
  { min: 900, max: 2000, seconds: 60 },
  { min: 1800, max: Number.POSITIVE_INFINITY, seconds: 300 },
]

/** Tells nodes how long they may keep secrets and config maps: the larger the cluster, the longer (upstream pkg/controller/ttl). */
export function objectTtlController(): Worker {
  let step = 0
  return {
    name: 'ttl',
    identity: 'ttl-controller',
    // Nobody waits for it: while a cluster grows one write may stand for several steps.
    concurrency: 1,
    start(context) {
      const store = context.use(nodes).store
      const wanted = () => String(steps[step]!.seconds)
      const isWrong = ({ metadata }: Node) => metadata.annotations?.[annotation] !== wanted()
      context.watch(nodes, (node, old) => {
        if (!node || !old) step = stepFor(store.size, step)
        return node && isWrong(node) ? [node.metadata.name] : []
      })
      return async name => {
        const node = store.get(undefined, name)
        if (!node || !isWrong(node)) return {}
        const body = { metadata: { annotations: { [annotation]: wanted() } } }
        await orUndefined(context.client.patch(nodes, undefined, name, { type: strategicPatch, body }))
        return {}
      }
    },
  }
}

/** The step for so many nodes, coming from another one. */
export function stepFor(count: number, from: number): number {
  let step = from
  while (count > steps[step]!.max) step++
  while (count < steps[step]!.min) step--
  return step
}

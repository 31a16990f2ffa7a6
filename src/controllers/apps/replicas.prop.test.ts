import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ReplicaSet } from '../../api/types/apps-v1.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { Action, Plan } from '../../controller/actions.ts'
import { handmadeView, startControllers } from '../../controller/testing.ts'
import { pods, replicaSets } from '../kinds.ts'
import { controllerReference } from '../shared/owner.ts'
import { isActive } from '../shared/pod.ts'
import { planReplicas } from './replicas.ts'
import { replicaSetController, replicaSetKind } from './replicaset.ts'

const labels = { app: 'web' }

function replicaSet(replicas: number): ReplicaSet {
  const template = { metadata: { labels }, spec: { containers: [] } }
  return {
    metadata: { name: 'web', namespace: 'default', uid: 'rs', generation: 1 },
    spec: { replicas, selector: { matchLabels: labels }, template },
  }
}

type PodState =
  | 'pending'
  | 'running'
  | 'ready'
  | 'failed'
  | 'terminating'
  | 'orphan'
  | 'stranger'
  | 'relabelled'
const states: readonly PodState[] = [
  'pending',
  'running',
  'ready',
  'failed',
  'terminating',
  'orphan',
  'stranger',
  'relabelled',
]

function pod(owner: ReplicaSet, state: PodState, index: number): Pod {
  const ownerless = state === 'orphan' || state === 'stranger'
  return {
    metadata: {
      name: `p${index}`,
      namespace: 'default',
      uid: `p${index}`,
      labels: state === 'relabelled' ? { app: 'other' } : labels,
      ownerReferences: ownerless
        ? state === 'stranger'
          ? [{ ...controllerReference(replicaSets, owner), uid: 'other' }]
          : []
        : [controllerReference(replicaSets, owner)],
      deletionTimestamp: state === 'terminating' ? '2026-01-01T00:00:00Z' : undefined,
    },
    spec: { containers: [], nodeName: state === 'pending' ? undefined : 'n1' },
    status: {
      phase: state === 'failed' ? 'Failed' : state === 'pending' ? 'Pending' : 'Running',
      conditions:
        state === 'ready'
          ? [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }]
          : [],
    },
  }
}

function flatten(plan: Plan): Action[] {
  return plan.flatMap(action => {
    if (action.do === 'together') return flatten(action.actions)
    if (action.do === 'attempt') return [...flatten(action.actions), ...flatten(action.settled([]))]
    return [action]
  })
}

const nowMs = Date.UTC(2026, 0, 2)
const populations = fc.array(fc.constantFrom(...states), { maxLength: 30 })

test('one plan on a fresh view ends with exactly the wanted number of pods', () => {
  fc.assert(
    fc.property(fc.nat(20), populations, (replicas, population) => {
      const owner = replicaSet(replicas)
      const all = population.map((state, index) => pod(owner, state, index))
      const actions = flatten(planReplicas(replicaSetKind, owner, handmadeView(owner, [[pods, all]]), nowMs))
      const count = (what: Action['do']) =>
        actions.filter(action => action.do === what && 'resource' in action && action.resource === pods)
          .length
      const kept = population.filter(state =>
        ['pending', 'running', 'ready', 'orphan'].includes(state),
      ).length
      expect(kept + count('create') - count('delete')).toBe(replicas)
      expect(Math.min(count('create'), count('delete'))).toBe(0)
    }),
  )
})

test('a scale-down takes the least useful pods and never one of a stranger', () => {
  fc.assert(
    fc.property(fc.nat(10), populations, (replicas, population) => {
      const owner = replicaSet(replicas)
      const all = population.map((state, index) => pod(owner, state, index))
      const actions = flatten(planReplicas(replicaSetKind, owner, handmadeView(owner, [[pods, all]]), nowMs))
      const doomed = actions
        .filter(action => action.do === 'delete')
        .map(action => population[Number(action.object.metadata.name!.slice(1))]!)
      expect(doomed.every(state => ['pending', 'running', 'ready', 'orphan'].includes(state))).toBe(true)
      const usefulness: readonly PodState[] = ['pending', 'running', 'ready']
      const pendingLeft =
        population.filter(state => state === 'pending').length -
        doomed.filter(state => state === 'pending').length
      if (doomed.some(state => usefulness.indexOf(state) > 0)) expect(pendingLeft).toBe(0)
    }),
  )
})

test('with events held back at random there are never more pods than wanted, and at last exactly as many', async () => {
  const steps = fc.array(fc.constantFrom('hold', 'release', 'kill', 'wait'), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 8 }), steps, async (replicas, script) => {
      const { transport, ports, stop, run } = startControllers([replicaSetController])
      const alive = () => (transport.objects('pods') as Pod[]).filter(isActive).length
      const running = run()
      transport.put('replicasets', replicaSet(replicas))
      for (const step of script) {
        if (step === 'hold') transport.holdEvents()
        if (step === 'release') transport.releaseEvents()
        const [victim] = transport.objects('pods')
        if (step === 'kill' && victim) transport.remove('pods', `default/${victim.metadata.name}`)
        await ports.clock.advance(50)
        expect(alive()).toBeLessThanOrEqual(replicas)
      }
      transport.releaseEvents()
      await ports.clock.advance(1_000)
      expect(alive()).toBe(replicas)
      const status = (transport.object('replicasets', 'default/web') as ReplicaSet).status
      expect(status?.replicas ?? 0).toBe(replicas)
      stop.abort()
      await running
    }),
    { numRuns: 60 },
  )
})

import type { ReplicaSet } from '../../../src/api/types/apps-v1.gen.ts'
import type { Namespace, Node, Pod, Service, Taint } from '../../../src/api/types/core-v1.gen.ts'
import type { RuntimeClass } from '../../../src/api/types/node-v1.gen.ts'
import type { PodDisruptionBudget } from '../../../src/api/types/policy-v1.gen.ts'
import type { PriorityClass } from '../../../src/api/types/scheduling-v1.gen.ts'
import type { Dice } from './dice.ts'
import { randomPod } from './random-pod.ts'
import { type RandomVolumes, randomVolumes } from './random-volumes.ts'

/** Everything that is there before the pods to be scheduled come. */
export interface RandomCluster {
  readonly namespaces: readonly Namespace[]
  readonly priorityClasses: readonly PriorityClass[]
  /** With an overhead, and what else a class adds to its pods. */
  readonly runtimeClasses: readonly RuntimeClass[]
  readonly nodes: readonly Node[]
  readonly services: readonly Service[]
  readonly replicaSets: readonly ReplicaSet[]
  /** On nodes, each with its status. */
  readonly pods: readonly Pod[]
  readonly budgets: readonly PodDisruptionBudget[]
  readonly storage: RandomVolumes
  /** Names (`namespace/name`) of pods that are being deleted. */
  readonly leaving: ReadonlySet<string>
}

/** All names begin with `prefix`, so that one cluster can follow another on the same server. */
export function randomCluster(prefix: string, dice: Dice): RandomCluster {
  const spaces = ['one', 'two'].map(name => `${prefix}-${name}`)
  const nodes = dice.list(dice.int(1, 14), index => randomNode(`${prefix}-n${index}`, dice))
  const portTaken = new Set<string>()
  const pods = dice.list(dice.int(0, 3 * nodes.length), index => {
    const pod = randomPod(`${prefix}-old${index}`, spaces, dice)
    pod.spec!.nodeName = dice.pick(nodes).metadata.name!
    delete pod.spec!.topologySpreadConstraints
    delete pod.spec!.schedulingGates
    // No scheduler would have put two pods with the same port on one node, and none counts them.
    if (portTaken.has(pod.spec!.nodeName)) dropPorts(pod)
    portTaken.add(pod.spec!.nodeName)
    const seconds = String(index).padStart(2, '0')
    pod.status = { phase: 'Running', startTime: `2026-01-01T00:${String(dice.int(10, 59))}:${seconds}Z` }
    return pod
  })
  const leaving = dice.some(pods, 0.06).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  return {
    namespaces: spaces.map(name => ({
      ...{ apiVersion: 'v1', kind: 'Namespace' },
      metadata: { name, labels: { team: name.endsWith('one') ? 'red' : 'blue' } },
    })),
    priorityClasses: priorityClasses(),
    runtimeClasses: runtimeClasses(),
    nodes,
    services: spaces.flatMap(namespace => randomServices(namespace, dice)),
    replicaSets: spaces.flatMap(namespace => ['web', 'db'].map(app => replicaSet(namespace, app))),
    pods,
    budgets: spaces.flatMap(namespace => randomBudgets(namespace, dice)),
    storage: randomVolumes(
      prefix,
      spaces,
      nodes.map(({ metadata }) => metadata.name!),
      dice,
    ),
    leaving: new Set(leaving),
  }
}

function dropPorts({ spec }: Pod): void {
  for (const container of [...spec!.containers, ...(spec!.initContainers ?? [])]) delete container.ports
}

function priorityClasses(): PriorityClass[] {
  const make = (name: string, value: number, preemptionPolicy?: string): PriorityClass => ({
    ...{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' },
    metadata: { name },
    value,
    ...(preemptionPolicy && { preemptionPolicy }),
  })
  return [make('low', -10), make('mid', 100), make('high', 1000), make('polite', 2000, 'Never')]
}

function runtimeClasses(): RuntimeClass[] {
  const make = (name: string, more: Partial<RuntimeClass>): RuntimeClass => ({
    ...{ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', handler: name },
    metadata: { name },
    ...more,
  })
  return [
    make('heavy', { overhead: { podFixed: { cpu: '300m', memory: '200Mi' } } }),
    make('tolerant', {
      overhead: { podFixed: { cpu: '10m', 'ephemeral-storage': '100Mi' } },
      scheduling: { tolerations: [{ key: 'dedicated', operator: 'Exists' }] },
    }),
  ]
}

const taintKeys = ['dedicated', 'flaky']

function randomNode(name: string, dice: Dice): Node {
  const taints = dice.some(taintKeys, 0.12).map(
    (key): Taint => ({
      key,
      effect: dice.pick(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
      ...(dice.chance(0.5) && { value: dice.pick(['a', 'b']) }),
    }),
  )
  const labels: Record<string, string> = { 'kubernetes.io/hostname': name, disk: dice.pick(['ssd', 'hdd']) }
  if (dice.chance(0.85)) labels['topology.kubernetes.io/zone'] = dice.pick(['a', 'b', 'c'])
  if (dice.chance(0.6)) labels.rack = String(dice.int(1, 4))
  const allocatable = {
    cpu: dice.pick(['0', '900m', '2', '4', '7500m']),
    memory: dice.pick(['512Mi', '2Gi', '4Gi', '9000000k']),
    pods: dice.pick(['2', '5', '110', '110', '110']),
    'ephemeral-storage': dice.pick(['1Gi', '20Gi']),
    ...(dice.chance(0.4) && { 'example.com/gpu': String(dice.int(0, 4)) }),
    ...(dice.chance(0.2) && { 'hugepages-2Mi': '64Mi' }),
    ...(dice.chance(0.3) && { 'example.org/fpga': String(dice.int(1, 9)) }),
  }
  const images = dice
    .some(['web', 'db', 'huge'], 0.4)
    .map(image => ({ names: [`example.com/${image}:1`], sizeBytes: image === 'huge' ? 900e6 : 120e6 }))
  return {
    ...{ apiVersion: 'v1', kind: 'Node' },
    metadata: { name, labels },
    spec: { ...(taints.length > 0 && { taints }), ...(dice.chance(0.08) && { unschedulable: true }) },
    status: { allocatable, capacity: allocatable, images },
  }
}

function randomServices(namespace: string, dice: Dice): Service[] {
  return dice.some(['web', 'db'], 0.5).map(app => ({
    ...{ apiVersion: 'v1', kind: 'Service' },
    metadata: { namespace, name: app },
    spec: { selector: { app }, ports: [{ port: 80 }] },
  }))
}

function replicaSet(namespace: string, app: string): ReplicaSet {
  return {
    ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet' },
    metadata: { namespace, name: app },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app } },
      template: { metadata: { labels: { app } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  }
}

function randomBudgets(namespace: string, dice: Dice): PodDisruptionBudget[] {
  return dice.some(['web', 'db'], 0.4).map(app => ({
    ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
    metadata: { namespace, name: app },
    spec: { minAvailable: 1, selector: { matchLabels: { app } } },
    status: { disruptionsAllowed: dice.int(0, 2), currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
  }))
}

import type {
  Affinity,
  Container,
  NodeSelectorTerm,
  Pod,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '../../../src/api/types/core-v1.gen.ts'
import type { LabelSelector } from '../../../src/api/types/meta-v1.gen.ts'
import type { Dice } from './dice.ts'
import { profileNames } from './profiles.ts'
import { randomPodVolumes } from './random-volumes.ts'

const zone = 'topology.kubernetes.io/zone'
const hostname = 'kubernetes.io/hostname'
const apps = ['web', 'db', 'job']

/** A pod with a random choice of everything that the scheduler looks at. */
export function randomPod(name: string, namespaces: readonly string[], dice: Dice): Pod {
  const app = dice.pick(apps)
  const priorityClassName = dice.maybe(0.6, () => dice.pick(['low', 'mid', 'high', 'polite']))
  const owner = {
    ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: app, uid: 'some-uid' },
    controller: true,
  }
  const affinity = randomAffinity(namespaces, dice)
  const volumes = dice.chance(0.25) ? randomPodVolumes(dice) : []
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: {
      name,
      namespace: dice.pick(namespaces),
      labels: { app, tier: dice.pick(['x', 'y']) },
      ...(dice.chance(0.3) && { ownerReferences: [owner] }),
    },
    spec: {
      schedulerName: dice.pick(['default-scheduler', ...profileNames]),
      terminationGracePeriodSeconds: 600,
      containers: dice.list(dice.int(1, 2), index => randomContainer(`c${index}`, dice)),
      ...dice.pick([{}, {}, {}, {}, { initContainers: randomInit(dice) }, { resources: podLevel }]),
      ...(priorityClassName && { priorityClassName }),
      ...(volumes.length > 0 && { volumes }),
      ...(dice.chance(0.15) && { nodeSelector: { disk: dice.pick(['ssd', 'hdd', 'tape']) } }),
      ...(Object.keys(affinity).length > 0 && { affinity }),
      ...(dice.chance(0.4) && { tolerations: randomTolerations(dice) }),
      ...(dice.chance(0.3) && { topologySpreadConstraints: randomSpread(app, dice) }),
      ...(dice.chance(0.1) && { runtimeClassName: dice.pick(['heavy', 'tolerant']) }),
      ...(dice.chance(0.08) && { schedulingGates: [{ name: 'example.com/wait' }] }),
    },
  }
}

/** Not less than any two containers ask for. */
const podLevel = { requests: { cpu: '3', memory: '2Gi' } }

function randomContainer(name: string, dice: Dice): Container {
  const requests = {
    ...(dice.chance(0.7) && { cpu: dice.pick(['50m', '250m', '1', '1500m']) }),
    ...(dice.chance(0.7) && { memory: dice.pick(['64Mi', '300Mi', '1Gi']) }),
    ...(dice.chance(0.1) && { 'ephemeral-storage': dice.pick(['500Mi', '5Gi']) }),
  }
  const limits = {
    ...(dice.chance(0.1) && { 'example.com/gpu': String(dice.int(1, 2)) }),
    ...(dice.chance(0.08) && { 'example.org/fpga': String(dice.int(1, 3)) }),
    ...(requests.memory && dice.chance(0.05) && { 'hugepages-2Mi': '4Mi', memory: requests.memory }),
  }
  // One for each container that may have one: a pod may not ask for the same twice.
  const hostPort = ['c0', 'i0'].indexOf(name) + 80
  const port = dice.maybe(hostPort < 80 ? 0 : 0.2, () => ({
    containerPort: hostPort,
    hostPort,
    ...(dice.chance(0.4) && { hostIP: dice.pick(['127.0.0.1', '10.0.0.1']) }),
    ...(dice.chance(0.3) && { protocol: 'UDP' }),
  }))
  return {
    name,
    image: `example.com/${dice.pick(['web', 'db', 'huge', 'none'])}:1`,
    resources: { requests, limits },
    ...(port && { ports: [port] }),
  }
}

function randomInit(dice: Dice): Container[] {
  return dice.list(dice.int(1, 3), index => {
    const container = randomContainer(`i${index}`, dice)
    return dice.chance(0.5) ? { ...container, restartPolicy: 'Always' } : container
  })
}

function randomTolerations(dice: Dice): Toleration[] {
  return dice.list(dice.int(1, 2), () => ({
    ...(dice.chance(0.2)
      ? { operator: 'Exists' }
      : {
          key: dice.pick(['dedicated', 'flaky']),
          ...dice.pick([{ operator: 'Exists' }, { value: 'a' }, { value: 'b' }]),
        }),
    ...(dice.chance(0.5) && { effect: dice.pick(['NoSchedule', 'PreferNoSchedule', 'NoExecute']) }),
  }))
}

function randomAffinity(namespaces: readonly string[], dice: Dice): Affinity {
  const podTerms = () => dice.list(dice.int(1, 2), () => randomTerm(namespaces, dice))
  const weighted = () => podTerms().map(podAffinityTerm => ({ weight: dice.int(1, 100), podAffinityTerm }))
  const pods = (hard: number, soft: number) => ({
    ...(dice.chance(hard) && { requiredDuringSchedulingIgnoredDuringExecution: podTerms() }),
    ...(dice.chance(soft) && { preferredDuringSchedulingIgnoredDuringExecution: weighted() }),
  })
  const nodeAffinity = {
    ...(dice.chance(0.15) && {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: dice.list(dice.int(1, 2), () => randomNodeTerm(dice)),
      },
    }),
    ...(dice.chance(0.15) && {
      preferredDuringSchedulingIgnoredDuringExecution: dice.list(dice.int(1, 2), () => ({
        weight: dice.int(1, 100),
        preference: randomNodeTerm(dice),
      })),
    }),
  }
  const podAffinity = pods(0.1, 0.15)
  const podAntiAffinity = pods(0.12, 0.15)
  return {
    ...(Object.keys(nodeAffinity).length > 0 && { nodeAffinity }),
    ...(Object.keys(podAffinity).length > 0 && { podAffinity }),
    ...(Object.keys(podAntiAffinity).length > 0 && { podAntiAffinity }),
  }
}

function randomNodeTerm(dice: Dice): NodeSelectorTerm {
  const requirement = () =>
    dice.pick([
      { key: 'disk', operator: 'In', values: ['ssd'] },
      { key: 'disk', operator: 'NotIn', values: ['ssd', 'tape'] },
      { key: zone, operator: 'In', values: ['a', 'b'] },
      { key: zone, operator: 'Exists' },
      { key: 'rack', operator: 'DoesNotExist' },
      { key: 'rack', operator: 'Gt', values: ['2'] },
      { key: 'rack', operator: 'Lt', values: ['3'] },
    ])
  const notFirst = { key: 'metadata.name', operator: 'NotIn', values: ['absent'] }
  return {
    matchExpressions: dice.list(dice.int(1, 2), requirement),
    ...(dice.chance(0.1) && { matchFields: [notFirst] }),
  }
}

function randomTerm(namespaces: readonly string[], dice: Dice): PodAffinityTerm {
  const labelSelector = randomSelector(dice)
  const byTier = dice.maybe(0.25, () => dice.pick(['matchLabelKeys', 'mismatchLabelKeys']))
  return {
    topologyKey: dice.pick([zone, hostname, 'rack']),
    labelSelector,
    ...(dice.chance(0.3) && { namespaces: dice.some(namespaces, 0.6) }),
    ...(dice.chance(0.3) && { namespaceSelector: dice.pick([{}, { matchLabels: { team: 'red' } }]) }),
    ...(byTier && !mentionsTier(labelSelector) && { [byTier]: ['tier'] }),
  }
}

function randomSelector(dice: Dice): LabelSelector {
  return dice.pick<LabelSelector>([
    { matchLabels: { app: dice.pick(apps) } },
    { matchExpressions: [{ key: 'app', operator: 'In', values: dice.some(apps, 0.6).concat('none') }] },
    { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['x'] }] },
    { matchLabels: { app: dice.pick(apps), tier: 'x' } },
  ])
}

function randomSpread(app: string, dice: Dice): TopologySpreadConstraint[] {
  const keys = dice.some([zone, hostname, 'rack'], 0.6)
  return (keys.length > 0 ? keys : [zone]).map(topologyKey => {
    const whenUnsatisfiable = dice.pick(['DoNotSchedule', 'ScheduleAnyway'])
    const labelSelector = dice.chance(0.7) ? { matchLabels: { app } } : randomSelector(dice)
    return {
      maxSkew: dice.int(1, 3),
      topologyKey,
      whenUnsatisfiable,
      labelSelector,
      ...(dice.chance(0.2) && whenUnsatisfiable === 'DoNotSchedule' && { minDomains: dice.int(1, 4) }),
      ...(dice.chance(0.3) && { nodeAffinityPolicy: dice.pick(['Honor', 'Ignore']) }),
      ...(dice.chance(0.3) && { nodeTaintsPolicy: dice.pick(['Honor', 'Ignore']) }),
      ...(dice.chance(0.2) && !mentionsTier(labelSelector) && { matchLabelKeys: ['tier'] }),
    }
  })
}

/** A key may not be in both the selector and matchLabelKeys. */
function mentionsTier(selector: LabelSelector): boolean {
  return JSON.stringify(selector).includes('tier')
}

import type {
  ContainerImage,
  Node,
  NodeAddress,
  NodeCondition,
  NodeStatus,
} from '../../api/types/core-v1.gen.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { canonicalQuantity } from '../../machinery/quantity/index.ts'
import type { KubeletConfig } from '../config.ts'
import type { Image, RuntimeVersion } from '../runtime/runtime.ts'
import type { MachineFacts, MachineFree } from './machine.ts'

export interface NodeInput {
  readonly config: KubeletConfig
  readonly facts: MachineFacts
  readonly free: MachineFree
  readonly runtime: RuntimeVersion | undefined
  /** Why the node cannot run pods; undefined when it can. */
  readonly notReady: string | undefined
  readonly images: readonly Image[]
  readonly nowMs: number
}

/** Upstream nodeStatusMaxImages. */
const imagesMax = 50
/** Upstream's default hard eviction thresholds. */
const memoryFreeMinBytes = 100 * 1024 * 1024
const storageFreeMinShare = 0.1
const inodesFreeMinShare = 0.05
const pidsFreeMin = 1_000
const storageReserveShare = 0.1

/** The labels that every node carries (upstream kubelet_node_status.go initialNode). */
export function nodeLabels(
  { nodeName, nodeLabels: own }: KubeletConfig,
  { architecture }: MachineFacts,
): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': 'linux',
    'node.kubernetes.io/instance-type': 'hutch',
    ...own,
  }
}

/**
 * Everything that a node reports of itself, spelt as the server keeps it. Transition times are kept where nothing
 * changed.
 */
export function nodeStatus(input: NodeInput, old: NodeStatus): NodeStatus {
  const { config, facts } = input
  const capacity = {
    cpu: String(facts.cpus),
    'ephemeral-storage': canonicalQuantity(`${Math.floor(facts.storageBytes / 1024)}Ki`),
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: canonicalQuantity(`${Math.floor(facts.memoryBytes / 1024)}Ki`),
    pods: String(config.podsMax),
  }
  return {
    capacity,
    allocatable: {
      ...capacity,
      'ephemeral-storage': String(Math.floor(facts.storageBytes * (1 - storageReserveShare))),
      memory: canonicalQuantity(`${Math.floor((facts.memoryBytes - memoryFreeMinBytes) / 1024)}Ki`),
    },
    conditions: nodeConditions(input, old.conditions ?? []),
    addresses: addressesOf(config),
    daemonEndpoints: { kubeletEndpoint: { Port: config.port } },
    nodeInfo: {
      machineID: facts.machineId,
      systemUUID: facts.systemUuid,
      bootID: facts.bootId,
      kernelVersion: facts.kernelVersion,
      osImage: facts.osImage,
      containerRuntimeVersion: input.runtime ? `${input.runtime.name}://${input.runtime.version}` : '',
      kubeletVersion: config.kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: facts.architecture,
    },
    images: imageList(input.images),
  }
}

function addressesOf({ nodeIps, nodeName }: KubeletConfig): NodeAddress[] {
  return [
    ...nodeIps.map(address => ({ type: 'InternalIP', address })),
    { type: 'Hostname', address: nodeName },
  ]
}

function imageList(images: readonly Image[]): ContainerImage[] {
  return images
    .filter(image => image.tags.length + image.digests.length > 0)
    .toSorted((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, imagesMax)
    .map(({ digests, tags, sizeBytes }) => ({
      names: [...digests, ...tags],
      // The server keeps no zero: with one the status would look changed, and be written, at every heartbeat.
      ...(sizeBytes > 0 && { sizeBytes }),
    }))
}

interface Verdict {
  readonly type: string
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

function nodeConditions(input: NodeInput, old: readonly NodeCondition[]): NodeCondition[] {
  const own = verdictsOf(input)
  const foreign = old.filter(condition => !own.some(({ type }) => type === condition.type))
  const now = toTimestamp(input.nowMs)
  const conditions = own.map(verdict => {
    const before = old.find(({ type }) => type === verdict.type)
    const lastTransitionTime = before?.status === verdict.status ? before.lastTransitionTime : now
    return {
      type: verdict.type,
      status: verdict.status,
      lastHeartbeatTime: now,
      lastTransitionTime,
      reason: verdict.reason,
      message: verdict.message,
    }
  })
  return [...foreign, ...conditions]
}

/** Upstream pkg/kubelet/nodestatus/setters.go. */
function verdictsOf({ free, notReady }: NodeInput): Verdict[] {
  const low = (value: number | undefined, min: number) => value !== undefined && value < min
  const memory = low(free.memoryBytes, memoryFreeMinBytes)
  const disk = low(free.storageShare, storageFreeMinShare) || low(free.inodeShare, inodesFreeMinShare)
  const pids = low(free.pids, pidsFreeMin)
  const pressure = (
    type: string,
    on: boolean,
    words: readonly [string, string, string, string],
  ): Verdict => ({
    type,
    status: on ? 'True' : 'False',
    reason: on ? words[0] : words[2],
    message: on ? words[1] : words[3],
  })
  return [
    pressure('MemoryPressure', memory, [
      ...(['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'] as const),
      ...(['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'] as const),
    ]),
    pressure('DiskPressure', disk, [
      ...(['KubeletHasDiskPressure', 'kubelet has disk pressure'] as const),
      ...(['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'] as const),
    ]),
    pressure('PIDPressure', pids, [
      ...(['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'] as const),
      ...(['KubeletHasSufficientPID', 'kubelet has sufficient PID available'] as const),
    ]),
    notReady
      ? { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: notReady }
      : { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
  ]
}

/** Whether two statuses differ in more than their heartbeats. */
export function differs(a: NodeStatus, b: NodeStatus): boolean {
  return !Bun.deepEquals(withoutHeartbeats(a), withoutHeartbeats(b))
}

/** An empty list of images is none. */
function withoutHeartbeats({ images, ...status }: NodeStatus): NodeStatus {
  return {
    ...status,
    ...(images && images.length > 0 && { images }),
    conditions: status.conditions?.map(condition => ({ ...condition, lastHeartbeatTime: '' })),
  }
}

/** The object that a node is registered with. */
export function initialNode(
  { config, facts }: Pick<NodeInput, 'config' | 'facts'>,
  status: NodeStatus,
): Node {
  const taints = config.nodeTaints.map(taint => ({ ...taint }))
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: config.nodeName,
      labels: nodeLabels(config, facts),
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: taints.length > 0 ? { taints } : {},
    status,
  }
}

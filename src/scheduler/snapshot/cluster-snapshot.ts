import { hostPorts } from '../../api/shared/host-ports.ts'
import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import type { LabelIndex } from '../../kernels/label-index.ts'
import { type NodeColumns, nodeColumns } from '../../kernels/node-columns.ts'
import { type CarriedTerms, createCarriedTerms } from './affinity-terms.ts'
import { claimKeys, type NodeInfo, normalizedImageName } from './node-info.ts'
import { createPodCounts, type PodCounts } from './pod-counts.ts'
import { amountOf, assignedResources, isScalar } from './pod-resources.ts'
import { createRestrictions, type Restrictions } from './restrictions.ts'
import { createRotation, type Rotation } from './rotation.ts'
import { createTopologies, type Topologies } from './topologies.ts'

/**
 * What the scheduler believes about nodes and the pods on them, kept up to date event by event; there is no copy
 * per cycle because a cycle is synchronous. A pod that was just placed is *assumed* until the API says so.
 */
export interface ClusterSnapshot {
  readonly columns: NodeColumns
  /** Node labels by row. */
  readonly labels: LabelIndex
  /** Rows in use are `0 … rowCount-1`; a free row has no node and fits nothing. */
  readonly rowCount: number
  /** A byte per row: 1 where a node exists. */
  readonly presence: Uint8Array
  /** Nodes that are cordoned or tainted: the only ones that such rules must look at. */
  readonly restrictions: Restrictions
  /** Nodes that exist. */
  readonly nodeCount: number
  /** Nodes by zone, hostname and whatever else pods are spread or kept together by. */
  readonly topologies: Topologies
  /** Whose turn it is to be looked at. */
  readonly rotation: Rotation
  /** Pods on nodes by selector. */
  readonly podCounts: PodCounts
  /** The affinity and anti-affinity terms of pods on nodes. */
  readonly carriedTerms: CarriedTerms
  nodeAt(row: number): NodeInfo | undefined
  node(name: string): NodeInfo | undefined
  nodes(): IterableIterator<NodeInfo>
  /** How many nodes have the image (normalized name). */
  imageNodes(name: string): number
  setNode(node: Node): void
  removeNode(name: string): void
  /** Adds or moves a pod that has a node. */
  setPod(pod: Pod): void
  removePod(key: string): void
  assume(pod: Pod, nodeName: string): void
  forget(key: string): void
  isAssumed(key: string): boolean
  podOn(key: string): Pod | undefined
  /** How many pods have a node, and how many of them by our word alone. */
  podTotals(): { readonly pods: number; readonly assumed: number }
  /** Only for dry runs: puts a pod on a node or takes it off, as if. The caller undoes what it does. */
  attach(node: NodeInfo, pod: Pod): void
  detach(node: NodeInfo, pod: Pod): void
}

export function podKey(pod: Pod): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`
}

/** An empty cluster over these kernels (or their twins). */
export function createClusterSnapshot(kernels: SchedulerKernels): ClusterSnapshot {
  return new LiveSnapshot(kernels)
}

export interface SchedulerKernels {
  readonly columns: NodeColumns
  readonly labels: LabelIndex
}

interface Placement {
  readonly pod: Pod
  readonly node: NodeInfo
  readonly assumed: boolean
}

class LiveSnapshot implements ClusterSnapshot {
  readonly columns: NodeColumns
  readonly labels: LabelIndex
  nodeCount = 0
  presence = new Uint8Array(0)
  readonly restrictions = createRestrictions()
  readonly rotation = createRotation()
  readonly topologies: Topologies
  readonly podCounts: PodCounts
  readonly carriedTerms = createCarriedTerms()
  readonly #byName = new Map<string, NodeInfo>()
  readonly #byRow: (NodeInfo | undefined)[] = []
  readonly #freeRows: number[] = []
  readonly #placed = new Map<string, Placement>()
  readonly #imageNodes = new Map<string, number>()

  constructor({ columns, labels }: SchedulerKernels) {
    this.columns = columns
    this.labels = labels
    this.topologies = createTopologies(
      () => this.rowCount,
      row => this.#byRow[row]?.node?.metadata.labels,
    )
    this.podCounts = createPodCounts(take => {
      for (const { pods, row } of this.#byName.values()) for (const pod of pods.values()) take(pod, row)
    })
  }

  get rowCount(): number {
    return this.#byRow.length
  }

  nodeAt(row: number): NodeInfo | undefined {
    return this.#byRow[row]
  }

  node(name: string): NodeInfo | undefined {
    return this.#byName.get(name)
  }

  nodes(): IterableIterator<NodeInfo> {
    return this.#byName.values()
  }

  imageNodes(name: string): number {
    return this.#imageNodes.get(name) ?? 0
  }

  setNode(node: Node): void {
    const name = node.metadata.name!
    const info = this.#byName.get(name) ?? this.#open(name)
    const { node: old } = info
    const changes = (part: (node: Node) => unknown) => !old || part(old) !== part(node)
    if (!old) this.nodeCount++
    if (changes(each => each.status?.images)) this.#setImages(info, node)
    if (changes(each => each.metadata.labels)) {
      this.labels.set(info.row, node.metadata.labels)
      this.topologies.setRow(info.row, node.metadata.labels)
      this.rotation.setRow(info.row, node.metadata.labels ?? {})
    }
    info.node = node
    this.presence[info.row] = 1
    if (changes(each => each.spec)) this.restrictions.setRow(info.row, node)
    if (changes(each => each.status?.allocatable)) writeAllocatable(this.columns, info, node)
  }

  removeNode(name: string): void {
    const info = this.#byName.get(name)
    if (!info?.node) return
    this.nodeCount--
    this.#setImages(info, undefined)
    info.node = undefined
    this.presence[info.row] = 0
    this.restrictions.setRow(info.row, undefined)
    this.labels.set(info.row, undefined)
    this.topologies.setRow(info.row, undefined)
    this.rotation.setRow(info.row, undefined)
    this.columns.set(info.row, 'allowedPods', 0)
    this.#closeIfUnused(info)
  }

  setPod(pod: Pod): void {
    this.#place(pod, pod.spec!.nodeName!, false)
  }

  assume(pod: Pod, nodeName: string): void {
    this.#place(pod, nodeName, true)
  }

  removePod(key: string): void {
    const entry = this.#placed.get(key)
    if (!entry) return
    this.#placed.delete(key)
    this.detach(entry.node, entry.pod)
    this.#closeIfUnused(entry.node)
  }

  forget(key: string): void {
    if (this.isAssumed(key)) this.removePod(key)
  }

  isAssumed(key: string): boolean {
    return this.#placed.get(key)?.assumed === true
  }

  podTotals(): { pods: number; assumed: number } {
    let assumed = 0
    for (const placement of this.#placed.values()) if (placement.assumed) assumed++
    return { pods: this.#placed.size, assumed }
  }

  podOn(key: string): Pod | undefined {
    return this.#placed.get(key)?.pod
  }

  #place(pod: Pod, nodeName: string, assumed: boolean): void {
    const key = podKey(pod)
    const entry = this.#placed.get(key)
    if (entry?.node.name === nodeName && weighsTheSame(entry.pod, pod)) {
      entry.node.pods.set(key, pod)
      this.#placed.set(key, { pod, node: entry.node, assumed })
      return
    }
    this.removePod(key)
    const node = this.#byName.get(nodeName) ?? this.#open(nodeName)
    this.attach(node, pod)
    this.#placed.set(key, { pod, node, assumed })
  }

  attach(node: NodeInfo, pod: Pod): void {
    node.pods.set(podKey(pod), pod)
    this.#account(node, pod, 1)
  }

  detach(node: NodeInfo, pod: Pod): void {
    node.pods.delete(podKey(pod))
    this.#account(node, pod, -1)
  }

  #account(node: NodeInfo, pod: Pod, sign: 1 | -1): void {
    account(this.columns, node, pod, sign)
    this.podCounts.change(pod, node.row, sign)
    this.carriedTerms.change(pod, node.row, sign)
  }

  #open(name: string): NodeInfo {
    const row = this.#freeRows.pop() ?? this.#byRow.length
    const info = emptyNode(name, row)
    this.#byName.set(name, info)
    this.#byRow[row] = info
    this.columns.reserve(this.#byRow.length)
    if (row >= this.presence.length) {
      const larger = new Uint8Array(Math.max(64, 2 * this.presence.length))
      larger.set(this.presence)
      this.presence = larger
    }
    clearRow(this.columns, row)
    return info
  }

  #closeIfUnused(info: NodeInfo): void {
    if (info.node || info.pods.size > 0) return
    this.#byName.delete(info.name)
    this.#byRow[info.row] = undefined
    clearRow(this.columns, info.row)
    this.#freeRows.push(info.row)
  }

  #setImages(info: NodeInfo, node: Node | undefined): void {
    for (const name of info.images.keys()) count(this.#imageNodes, name, -1)
    info.images.clear()
    for (const image of node?.status?.images ?? []) {
      for (const name of image.names ?? [])
        info.images.set(normalizedImageName(name), Number(image.sizeBytes ?? 0))
    }
    for (const name of info.images.keys()) count(this.#imageNodes, name, 1)
  }
}

function emptyNode(name: string, row: number): NodeInfo {
  return {
    name,
    row,
    node: undefined,
    pods: new Map(),
    requestedScalars: new Map(),
    allocatableScalars: new Map(),
    usedPorts: new Map(),
    usedClaims: new Map(),
    images: new Map(),
  }
}

function clearRow(columns: NodeColumns, row: number): void {
  for (const column of nodeColumns) columns.set(row, column, 0)
}

function writeAllocatable(columns: NodeColumns, info: NodeInfo, node: Node): void {
  const allocatable = node.status?.allocatable ?? {}
  const amount = (name: string) => (allocatable[name] === undefined ? 0 : amountOf(name, allocatable[name]))
  columns.set(info.row, 'allowedPods', amount('pods'))
  columns.set(info.row, 'allocatableMilliCpu', amount('cpu'))
  columns.set(info.row, 'allocatableMemory', amount('memory'))
  columns.set(info.row, 'allocatableEphemeral', amount('ephemeral-storage'))
  info.allocatableScalars.clear()
  for (const name of Object.keys(allocatable))
    if (isScalar(name)) info.allocatableScalars.set(name, amount(name))
}

function account(columns: NodeColumns, info: NodeInfo, pod: Pod, sign: 1 | -1): void {
  const resources = assignedResources(pod)
  const row = info.row
  columns.set(row, 'pods', columns.get(row, 'pods') + sign)
  columns.set(row, 'requestedMilliCpu', columns.get(row, 'requestedMilliCpu') + sign * resources.milliCpu)
  columns.set(row, 'requestedMemory', columns.get(row, 'requestedMemory') + sign * resources.memory)
  columns.set(
    row,
    'requestedEphemeral',
    columns.get(row, 'requestedEphemeral') + sign * resources.ephemeralStorage,
  )
  columns.set(row, 'nonZeroMilliCpu', columns.get(row, 'nonZeroMilliCpu') + sign * resources.nonZeroMilliCpu)
  columns.set(row, 'nonZeroMemory', columns.get(row, 'nonZeroMemory') + sign * resources.nonZeroMemory)
  for (const [name, amount] of resources.scalars) count(info.requestedScalars, name, sign * amount)
  for (const port of hostPorts(pod)) count(info.usedPorts, port, sign)
  for (const key of claimKeys(pod)) count(info.usedClaims, key, sign)
}

/** A new state of a pod on its node that changes nothing of what is counted: most are of this sort. */
function weighsTheSame(old: Pod, pod: Pod): boolean {
  const { labels, uid, deletionTimestamp } = pod.metadata
  if (old.metadata.uid !== uid || old.metadata.deletionTimestamp !== deletionTimestamp) return false
  if (old.metadata.labels !== labels && !sameEntries(old.metadata.labels ?? {}, labels ?? {})) return false
  return old.spec === pod.spec && assignedResources(old) === assignedResources(pod)
}

function sameEntries(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every(key => a[key] === b[key])
}

function count(counts: Map<string, number>, name: string, change: number): void {
  const left = (counts.get(name) ?? 0) + change
  if (left === 0) counts.delete(name)
  else counts.set(name, left)
}

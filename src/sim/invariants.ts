import { isFinished } from '../api/core/pod/lifecycle.ts'
import type { Node, Pod } from '../api/types/core-v1.gen.ts'
import { milliValue, parseQuantity } from '../machinery/quantity/index.ts'
import type { StoreEvent } from '../storage/store.ts'
import { kindOf, type TraceLine } from './trace.ts'

interface Placed {
  readonly node: string
  readonly milliCpu: number
  readonly running: boolean
}

/** What must hold after every single commit. */
export interface Invariants {
  take(line: TraceLine): void
  readonly failures: readonly string[]
  /** The most pods that a node had bound beyond its allocatable at any moment, before its kubelet refused them. */
  readonly overcommits: () => number
}

export function createInvariants(): Invariants {
  const failures: string[] = []
  const placed = new Map<string, Placed>()
  const allocatable = new Map<string, { readonly milliCpu: number; readonly pods: number }>()
  const used = new Map<string, { milliCpu: number; pods: number }>()
  let revision = 0
  let overcommits = 0

  const charge = ({ node, milliCpu, running }: Placed, sign: 1 | -1) => {
    const total = used.get(node) ?? { milliCpu: 0, pods: 0 }
    used.set(node, total)
    if (!running) return
    total.milliCpu += sign * milliCpu
    total.pods += sign
  }
  const checkRoom = (node: string, key: string) => {
    const total = used.get(node)
    const room = allocatable.get(node)
    if (!total || !room || (total.milliCpu <= room.milliCpu && total.pods <= room.pods)) return
    overcommits++
    failures.push(`${key} overfills ${node}: ${total.pods} pods, ${total.milliCpu}m of ${room.milliCpu}m CPU`)
  }
  const takePod = ({ type, key }: StoreEvent, pod: Pod) => {
    const uid = pod.metadata.uid!
    const before = placed.get(uid)
    if (before) charge(before, -1)
    placed.delete(uid)
    const node = pod.spec?.nodeName
    if (type === 'delete') return
    if (before && before.node !== node) failures.push(`${key} was bound to ${before.node}, then to ${node}`)
    if (!node) return
    const now = { node, milliCpu: requestOf(pod), running: !isFinished(pod) }
    placed.set(uid, now)
    charge(now, 1)
    if (!before) checkRoom(node, key)
  }
  return {
    failures,
    overcommits: () => overcommits,
    take({ event, pod }) {
      if (event.revision <= revision) failures.push(`revision ${event.revision} came after ${revision}`)
      revision = event.revision
      if (pod) takePod(event, pod)
      if (kindOf(event.key) === 'core/nodes' && event.type === 'put') {
        const node = decode<Node>(event.value)
        const { cpu = '0', pods = '0' } = node.status?.allocatable ?? {}
        allocatable.set(node.metadata.name!, {
          milliCpu: Number(milliValue(parseQuantity(cpu))),
          pods: Number(pods),
        })
      }
    },
  }
}

function decode<T>(value: Uint8Array): T {
  return JSON.parse(Buffer.from(value).toString()) as T
}

function requestOf(pod: Pod): number {
  const containers = pod.spec?.containers ?? []
  return containers.reduce(
    (sum, { resources }) => sum + Number(milliValue(parseQuantity(resources?.requests?.cpu ?? '0'))),
    0,
  )
}

import { hostPorts, portsClash } from '../../api/shared/host-ports.ts'
import { matchesRequired } from '../../api/shared/node-match.ts'
import { untoleratedTaint } from '../../api/shared/toleration.ts'
import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import {
  milliValue,
  parseQuantity,
  type Quantity,
  quantityValue,
  zeroQuantity,
} from '../../machinery/quantity/index.ts'
import { podRequests } from './requests.ts'
import type { ResizeRefusal } from './resize-state.ts'

/** Why a node refuses a pod that was bound to it. */
export interface Rejection {
  readonly reason: string
  readonly message: string
}

/**
 * The node's own check of a pod that it has not seen yet (upstream pkg/kubelet/lifecycle/predicate.go): the
 * scheduler may have been wrong, or not asked.
 */
export function admitPod(pod: Pod, others: readonly Pod[], node: Node): Rejection | undefined {
  const os = pod.spec?.nodeSelector?.['kubernetes.io/os']
  const labels = node.metadata.labels ?? {}
  if (os !== undefined && os !== (labels['kubernetes.io/os'] ?? 'linux'))
    return {
      reason: 'PodOSSelectorNodeLabelDoesNotMatch',
      message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
    }
  if (pod.spec?.os && pod.spec.os.name !== 'linux')
    return {
      reason: 'PodOSNotSupported',
      message: "Failed to admit pod as the OS field doesn't match node OS",
    }
  return (
    checkResources(pod, others, node) ??
    checkAffinity(pod, node) ??
    checkPorts(pod, others) ??
    checkTaints(pod, node)
  )
}

/** Whether a node can grant a pod other resources beside its other pods (upstream allocation canResizePod). */
export function judgeResize(pod: Pod, others: readonly Pod[], node: Node): ResizeRefusal | undefined {
  if (pod.metadata.annotations?.['kubernetes.io/config.source'] === 'file')
    return { reason: 'Infeasible', message: 'In-place resize of static-pods is not supported' }
  const requests = podRequests(pod)
  for (const name of ['memory', 'cpu']) {
    const requested = count(name, requests.get(name) ?? zeroQuantity)
    const capacity = count(name, parseQuantity(node.status?.allocatable?.[name] ?? '0'))
    if (requested <= capacity) continue
    const message = `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity}`
    return { reason: 'Infeasible', message }
  }
  const rejection = admitPod(pod, others, node)
  return rejection && { reason: 'Deferred', message: rejection.message }
}

/** Why a pod whose affinity or selector does not fit is refused. */
export const affinityReason = 'NodeAffinity'

/** Upstream spells these two reasons in its own way. */
const reasonNames: Readonly<Record<string, string>> = {
  cpu: 'OutOfcpu',
  memory: 'OutOfmemory',
  pods: 'OutOfpods',
  'ephemeral-storage': 'OutOfephemeral-storage',
}

function checkResources(pod: Pod, others: readonly Pod[], node: Node): Rejection | undefined {
  const allocatable = node.status?.allocatable ?? {}
  const podsMax = Number(allocatable.pods ?? Number.POSITIVE_INFINITY)
  if (others.length + 1 > podsMax) return shortage('pods', 1n, BigInt(others.length), BigInt(podsMax))
  const used = others.map(podRequests)
  for (const [name, wanted] of podRequests(pod)) {
    const capacity = allocatable[name]
    // What the node does not know is a matter of the cluster, not of the node.
    if (capacity === undefined || count(name, wanted) === 0n) continue
    const sum = used.reduce((total, requests) => total + count(name, requests.get(name) ?? zeroQuantity), 0n)
    const limit = count(name, parseQuantity(capacity))
    if (sum + count(name, wanted) > limit) return shortage(name, count(name, wanted), sum, limit)
  }
  return undefined
}

function count(resource: string, quantity: Quantity): bigint {
  return resource === 'cpu' ? milliValue(quantity) : quantityValue(quantity)
}

function shortage(name: string, requested: bigint, used: bigint, capacity: bigint): Rejection {
  const message = `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`
  return { reason: reasonNames[name] ?? `OutOf${name}`, message }
}

function checkAffinity(pod: Pod, node: Node): Rejection | undefined {
  if (matchesRequired(node, pod.spec)) return undefined
  const message = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
  return { reason: affinityReason, message }
}

function checkPorts(pod: Pod, others: readonly Pod[]): Rejection | undefined {
  const wanted = hostPorts(pod)
  if (wanted.length === 0) return undefined
  const used = new Map(others.flatMap(hostPorts).map(port => [port, 1]))
  if (!wanted.some(port => portsClash(used, port))) return undefined
  const message = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
  return { reason: 'NodePorts', message }
}

function checkTaints(pod: Pod, node: Node): Rejection | undefined {
  if (pod.metadata.annotations?.['kubernetes.io/config.source'] === 'file') return undefined
  if (!untoleratedTaint(node.spec?.taints, pod.spec?.tolerations, ['NoExecute'])) return undefined
  const message = "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"
  return { reason: 'TaintToleration', message }
}

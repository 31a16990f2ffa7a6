import type { Node, NodeSelectorTerm, Pod, Taint, Toleration } from '../../api/types/core-v1.gen.ts'
import {
  milliValue,
  parseQuantity,
  type Quantity,
  quantityValue,
  zeroQuantity,
} from '../../machinery/quantity/index.ts'
import { podRequests } from './requests.ts'

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
  return checkResources(pod, others, node) ?? checkAffinity(pod, node) ?? checkTaints(pod, node)
}

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
  const labels = node.metadata.labels ?? {}
  const selected = Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)
  const terms =
    pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  if (selected && (!terms || terms.some(term => matchesTerm(term, node)))) return undefined
  const message = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
  return { reason: 'NodeAffinity', message }
}

function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false
  const labels = node.metadata.labels ?? {}
  return (
    matchExpressions.every(({ key, operator, values }) => matches(labels[key], operator, values ?? [])) &&
    matchFields.every(({ operator, values }) => matches(node.metadata.name, operator, values ?? []))
  )
}

function matches(value: string | undefined, operator: string, values: readonly string[]): boolean {
  if (operator === 'Exists') return value !== undefined
  if (operator === 'DoesNotExist') return value === undefined
  if (operator === 'NotIn') return value === undefined || !values.includes(value)
  if (value === undefined) return false
  if (operator === 'In') return values.includes(value)
  const number = Number(value)
  return operator === 'Gt' ? number > Number(values[0]) : number < Number(values[0])
}

function checkTaints(pod: Pod, node: Node): Rejection | undefined {
  if (pod.metadata.annotations?.['kubernetes.io/config.source'] === 'file') return undefined
  const taints = (node.spec?.taints ?? []).filter(taint => taint.effect === 'NoExecute')
  const tolerations = pod.spec?.tolerations ?? []
  if (taints.every(taint => tolerations.some(toleration => tolerates(toleration, taint)))) return undefined
  const message = "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"
  return { reason: 'TaintToleration', message }
}

function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  return operator === 'Exists' || (!!key && (value ?? '') === (taint.value ?? ''))
}

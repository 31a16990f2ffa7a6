import { parseQuantities } from '../../../machinery/quantity/index.ts'
import { heldResources, qosClass } from '../../core/pod/pod-resources.ts'
import type { Pod, PodAffinityTerm, ScopedResourceSelectorRequirement } from '../../types/core-v1.gen.ts'
import { type Evaluator, matchesNames, one, type Usage } from './evaluator.ts'

/** Pods that have not come to their end, by what they ask for (evaluator/core pods.go). */
export const podEvaluator: Evaluator = {
  charges: isPodName,
  usage: (object, nowMs) => podUsage(object as Pod, nowMs),
  grows: (subresource, object, old) =>
    subresource === 'resize' ||
    (subresource === '' && isTerminating(object as Pod) !== isTerminating(old as Pod)),
  scopeFacts: object => [isTerminating(object as Pod)],
  lacks: (object, counted) => missingCompute(object as Pod, counted),
  matches: (selector, object) => matchesScope(selector, object as Pod),
}

const names: ReadonlySet<string> = new Set([
  ...['pods', 'cpu', 'memory', 'ephemeral-storage'],
  ...['requests.cpu', 'requests.memory', 'requests.ephemeral-storage'],
  ...['limits.cpu', 'limits.memory', 'limits.ephemeral-storage'],
])

function isPodName(name: string): boolean {
  if (names.has(name) || /^(requests\.)?hugepages-/.test(name)) return true
  return name.startsWith('requests.') && isExtended(name.slice('requests.'.length))
}

/** Resources of a domain that is not Kubernetes' own, and devices by their class. */
function isExtended(name: string): boolean {
  if (name.startsWith('deviceclass.resource.kubernetes.io/')) return true
  return name.includes('/') && !name.includes('kubernetes.io/')
}

function podUsage(pod: Pod, nowMs: number): Usage {
  const { metadata, spec, status } = pod
  const ended = status?.phase === 'Failed' || status?.phase === 'Succeeded'
  const graceMs = (metadata.deletionGracePeriodSeconds ?? 0) * 1000
  const stuck =
    metadata.deletionTimestamp !== undefined && nowMs > Date.parse(metadata.deletionTimestamp) + graceMs
  if (ended || stuck || !spec) return {}
  return { pods: one, ...computeUsage(heldResources(pod, 'requests'), heldResources(pod, 'limits')) }
}

const native: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage', 'storage'])

/** Requests count under their plain and their `requests.` name, limits under `limits.`. */
function computeUsage(requests: Usage, limits: Usage): Usage {
  const usage: Record<string, Usage[string]> = {}
  for (const [name, amount] of Object.entries(requests)) {
    const huge = name.startsWith('hugepages-')
    if (native.has(name) || huge) usage[name] = amount
    if (native.has(name) || huge || isExtended(name)) usage[`requests.${name}`] = amount
  }
  for (const [name, amount] of Object.entries(limits)) if (native.has(name)) usage[`limits.${name}`] = amount
  return usage
}

/** A quota on these demands that every container says what it needs; upstream calls this its own mistake. */
const demanded = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory']

/** `cpu for: a,b; memory for: a`: containers that leave out what the quota counts, or undefined. */
function missingCompute({ spec }: Pod, hard: readonly string[]): string | undefined {
  const leveled = [spec?.resources?.requests, spec?.resources?.limits].some(
    list => Object.keys(list ?? {}).length > 0,
  )
  if (!spec || leveled) return undefined
  const containers = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name, resources }) => ({
    name,
    usage: computeUsage(parseQuantities(resources?.requests), parseQuantities(resources?.limits)),
  }))
  const texts = demanded.flatMap(name => {
    const lacking = hard.includes(name) ? containers.filter(({ usage }) => !(name in usage)) : []
    const lackingNames = [...new Set(lacking.map(container => container.name))].sort()
    return lackingNames.length ? [`${name} for: ${lackingNames.join(',')}`] : []
  })
  return texts.length ? texts.join('; ') : undefined
}

function matchesScope(selector: ScopedResourceSelectorRequirement, pod: Pod): boolean {
  switch (selector.scopeName) {
    case 'Terminating':
      return isTerminating(pod)
    case 'NotTerminating':
      return !isTerminating(pod)
    case 'BestEffort':
      return isBestEffort(pod)
    case 'NotBestEffort':
      return !isBestEffort(pod)
    case 'PriorityClass':
      return matchesNames(selector, [pod.spec?.priorityClassName])
    case 'CrossNamespacePodAffinity':
      return affinityTerms(pod).some(term => term.namespaces?.length || term.namespaceSelector)
    default:
      return false
  }
}

function isTerminating({ spec }: Pod): boolean {
  return spec?.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0
}

function isBestEffort({ spec }: Pod): boolean {
  return spec !== undefined && qosClass(spec) === 'BestEffort'
}

function affinityTerms({ spec }: Pod): readonly PodAffinityTerm[] {
  return [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity].flatMap(affinity => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ podAffinityTerm }) => podAffinityTerm,
    ),
  ])
}

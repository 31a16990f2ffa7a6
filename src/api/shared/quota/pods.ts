import { parseQuantities } from '../../../machinery/quantity/index.ts'
import { aggregateContainers, qosClass } from '../../core/pod/pod-resources.ts'
import type { Pod, PodAffinityTerm, ScopedResourceSelectorRequirement } from '../../types/core-v1.gen.ts'
import { addLists, type Evaluator, matchesNames, one, type Usage } from './evaluator.ts'

/** Pods that have not come to their end, by what they ask for (evaluator/core pods.go). */
export const podEvaluator: Evaluator = {
  charges: isPodName,
  usage: (object, nowMs) => podUsage(object as Pod, nowMs),
  updates: ['resize'],
  lacks: (object, counted) => missingCompute(object as Pod, counted),
  matches: (selector, object) => matchesScope(selector, object as Pod),
}

const names: ReadonlySet<string> = new Set([
  ...['pods', 'cpu', 'memory', 'ephemeral-storage'],
  ...['requests.cpu', 'requests.memory', 'requests.ephemeral-storage'],
  ...['limits.cpu', 'limits.memory', 'limits.ephemeral-storage'],
])

function isPodName(name: string): boolean {
  return (
    names.has(name) ||
    /^(requests\.)?hugepages-/.test(name) ||
    (name.startsWith('requests.') && name.includes('/'))
  )
}

function podUsage({ metadata, spec, status }: Pod, nowMs: number): Usage {
  const ended = status?.phase === 'Failed' || status?.phase === 'Succeeded'
  const graceMs = (metadata.deletionGracePeriodSeconds ?? 0) * 1000
  const stuck =
    metadata.deletionTimestamp !== undefined && nowMs > Date.parse(metadata.deletionTimestamp) + graceMs
  if (ended || stuck || !spec) return {}
  const level = (side: 'requests' | 'limits') => parseQuantities(spec.resources?.[side])
  const requests = addLists(
    { ...aggregateContainers(spec, 'requests'), ...level('requests') },
    parseQuantities(spec.overhead),
  )
  const limits = { ...aggregateContainers(spec, 'limits'), ...level('limits') }
  return { pods: one, ...computeUsage(requests, limits) }
}

const native: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage', 'storage'])

/** Requests count under their plain and their `requests.` name, limits under `limits.`. */
function computeUsage(requests: Usage, limits: Usage): Usage {
  const usage: Record<string, Usage[string]> = {}
  for (const [name, amount] of Object.entries(requests)) {
    const huge = name.startsWith('hugepages-')
    if (native.has(name) || huge) usage[name] = amount
    if (native.has(name) || huge || name.includes('/')) usage[`requests.${name}`] = amount
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

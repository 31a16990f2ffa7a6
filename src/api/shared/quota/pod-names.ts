import { parseQuantity } from '../../../machinery/quantity/index.ts'
import type { Pod } from '../../types/core-v1.gen.ts'
import { computeUsage, type Usage } from './usage.ts'

const podNames: ReadonlySet<string> = new Set([
  ...['count/pods', 'pods', 'cpu', 'memory', 'ephemeral-storage'],
  ...['requests.cpu', 'requests.memory', 'requests.ephemeral-storage'],
  ...['limits.cpu', 'limits.memory', 'limits.ephemeral-storage'],
])

/** A quota on these demands that every container says what it needs; upstream calls this its own mistake. */
const demanded = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory']

/** The names of a quota that pods are charged for. */
export function podQuotaNames(names: readonly string[]): readonly string[] {
  return names.filter(
    name =>
      podNames.has(name) ||
      /^(requests\.)?hugepages-/.test(name) ||
      (name.startsWith('requests.') && name.includes('/')),
  )
}

/** `cpu for: a,b; memory for: a`: containers that leave out what the quota counts, or undefined. */
export function missingCompute({ spec }: Pod, hard: readonly string[]): string | undefined {
  const leveled = [spec?.resources?.requests, spec?.resources?.limits].some(
    list => Object.keys(list ?? {}).length > 0,
  )
  if (!spec || leveled) return undefined
  const containers = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name, resources }) => ({
    name,
    usage: computeUsage(parsed(resources?.requests), parsed(resources?.limits)),
  }))
  const texts = demanded.flatMap(name => {
    const lacking = hard.includes(name) ? containers.filter(({ usage }) => !(name in usage)) : []
    const names = [...new Set(lacking.map(container => container.name))].sort()
    return names.length ? [`${name} for: ${names.join(',')}`] : []
  })
  return texts.length ? texts.join('; ') : undefined
}

function parsed(list: Readonly<Record<string, string>> | undefined): Usage {
  return Object.fromEntries(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]))
}

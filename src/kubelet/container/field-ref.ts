import type { Container, Pod, ResourceFieldSelector } from '../../api/types/core-v1.gen.ts'
import { parseQuantity, scaledValue } from '../../machinery/quantity/index.ts'

export interface FieldContext {
  readonly pod: Pod
  readonly podIps: readonly string[]
  readonly hostIps: readonly string[]
  readonly nodeName: string
}

/** The value of a downward API field, or undefined when there is no such field (upstream pkg/fieldpath). */
export function fieldValue(
  path: string,
  { pod, podIps, hostIps, nodeName }: FieldContext,
): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path)
  if (keyed) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2]!] ?? ''
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name ?? ''
    case 'metadata.namespace':
      return pod.metadata.namespace ?? ''
    case 'metadata.uid':
      return pod.metadata.uid ?? ''
    case 'metadata.labels':
      return formatMap(pod.metadata.labels)
    case 'metadata.annotations':
      return formatMap(pod.metadata.annotations)
    case 'spec.nodeName':
      return nodeName
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? ''
    case 'status.hostIP':
      return hostIps[0] ?? ''
    case 'status.hostIPs':
      return hostIps.join(',')
    case 'status.podIP':
      return podIps[0] ?? ''
    case 'status.podIPs':
      return podIps.join(',')
    default:
      return undefined
  }
}

/** `key="value"` lines in order of the keys. */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.keys(map ?? {})
    .sort()
    .map(key => `${key}=${JSON.stringify(map?.[key] ?? '')}`)
    .join('\n')
}

/**
 * A container's own resource in units of the divisor, rounded up. A limit that is not set is the node's
 * allocatable amount (upstream pkg/api/v1/resource).
 */
export function resourceValue(
  { resource, divisor }: ResourceFieldSelector,
  container: Container,
  allocatable: Readonly<Record<string, string>>,
): string | undefined {
  const match = /^(limits|requests)\.(.+)$/.exec(resource)
  if (!match) return undefined
  const [, list, name] = match as unknown as [string, 'limits' | 'requests', string]
  const set = container.resources?.[list]?.[name]
  const text = set ?? (list === 'limits' ? allocatable[name] : undefined) ?? '0'
  // Nine places keep nanos; the division is exact in integers.
  const value = scaledValue(parseQuantity(text), 9)
  const unit = scaledValue(parseQuantity(!divisor || divisor === '0' ? '1' : divisor), 9)
  return ((value + unit - 1n) / unit).toString()
}

import { quote } from '../../../machinery/meta/quote.ts'
import { addressWarnings, rangeWarnings } from '../../../machinery/validation/address-warnings.ts'
import type { Service } from '../../types/core-v1.gen.ts'
import { isHeadless } from './defaults.ts'

const hints = 'service.kubernetes.io/topology-aware-hints'
const topologyMode = 'service.kubernetes.io/topology-mode'

/** What of a Service has no effect, or will have none one day (pkg/api/service/warnings.go). */
export function serviceWarnings({ metadata, spec = {} }: Service): string[] {
  const warnings: string[] = []
  const { type, externalIPs = [], loadBalancerIP, externalName, trafficDistribution } = spec
  if (metadata.annotations?.[hints] !== undefined)
    warnings.push(`annotation ${hints} is deprecated, please use ${topologyMode} instead`)
  const clusterIPs = spec.clusterIPs ?? []
  if (type !== 'ExternalName' && clusterIPs[0] !== 'None')
    warnings.push(...clusterIPs.flatMap((ip, i) => addressWarnings(ip, `spec.clusterIPs[${i}]`)))
  if (type === 'ClusterIP' && isHeadless(spec)) {
    if (loadBalancerIP) warnings.push('spec.loadBalancerIP is ignored for headless services')
    if (externalIPs.length > 0) warnings.push('spec.externalIPs is ignored for headless services')
    if (spec.sessionAffinity !== 'None')
      warnings.push('spec.SessionAffinity is ignored for headless services')
  }
  warnings.push(
    ...externalIPs.flatMap((ip, i) => addressWarnings(ip, `spec.externalIPs[${i}]`)),
    ...addressWarnings(loadBalancerIP ?? '', 'spec.loadBalancerIP'),
    ...(spec.loadBalancerSourceRanges ?? []).flatMap((range, i) =>
      rangeWarnings(range, `spec.loadBalancerSourceRanges[${i}]`),
    ),
  )
  const isName = type === 'ExternalName'
  if (isName && externalIPs.length > 0)
    warnings.push(`spec.externalIPs is ignored when spec.type is ${quote('ExternalName')}`)
  if (!isName && externalName)
    warnings.push(`spec.externalName is ignored when spec.type is not ${quote('ExternalName')}`)
  if (trafficDistribution === 'PreferClose')
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
  return warnings
}

import type {
  AutoscalerCondition,
  AutoscalerStatus,
  ContainerRecommendation,
  VerticalPodAutoscaler,
} from '../../../api/autoscaling/vertical/types.ts'
import { toTimestamp } from '../../../client/timestamp.ts'
import { formatQuantity, quantityOf } from '../../../machinery/quantity/index.ts'
import type { Amounts, Estimate } from './estimate.ts'

/** What was found out about an autoscaler in this round. */
export interface Findings {
  /** Why its pods cannot be told; undefined when they can. */
  readonly fault: string | undefined
  readonly matchesPods: boolean
  readonly recommendations: readonly ContainerRecommendation[]
}

/** The status that findings make (upstream model/vpa.go AsStatus); conditions of other types stay. */
export function statusOf(
  { metadata, status }: VerticalPodAutoscaler,
  { fault, matchesPods, recommendations }: Findings,
  nowMs: number,
): AutoscalerStatus {
  const conditions = new Map((status?.conditions ?? []).map(each => [each.type, each]))
  const set = (type: string, isTrue: boolean, reason: string, message: string) => {
    const truth = isTrue ? 'True' : 'False'
    const before = conditions.get(type)
    const lastTransitionTime =
      before?.status === truth && before.lastTransitionTime ? before.lastTransitionTime : toTimestamp(nowMs)
    const said: AutoscalerCondition = {
      ...{ type, status: truth, lastTransitionTime },
      ...(reason && { reason }),
      ...(message && { message }),
    }
    conditions.set(type, said)
  }
  conditions.delete('ConfigDeprecated')
  if (fault === undefined) conditions.delete('ConfigUnsupported')
  else set('ConfigUnsupported', true, '', fault)
  const [reason, message] = matchesPods ? ['', ''] : ['NoPodsMatched', 'No pods match this VPA object']
  if (matchesPods) conditions.delete('NoPodsMatched')
  else set('NoPodsMatched', true, reason, message)
  if (recommendations.length > 0) set('RecommendationProvided', true, '', '')
  else set('RecommendationProvided', false, reason, message)
  return {
    conditions: [...conditions.values()].sort((a, b) => (a.type < b.type ? -1 : 1)),
    observedGeneration: metadata.generation ?? 0,
    recommendation: recommendations.length > 0 ? { containerRecommendations: recommendations } : {},
  }
}

/** Estimates by container as the status has them: sorted, and of the resources that are controlled. */
export function recommendationsFrom(
  estimates: ReadonlyMap<string, Estimate>,
  controlled: (container: string) => readonly string[] | undefined,
): ContainerRecommendation[] {
  return [...estimates]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([containerName, { target, lowerBound, upperBound }]) => {
      const names = controlled(containerName)
      const list = (amounts: Amounts) =>
        Object.fromEntries(Object.entries(texts(amounts)).filter(([name]) => names?.includes(name) ?? true))
      return {
        containerName,
        ...{ lowerBound: list(lowerBound), target: list(target) },
        ...{ uncappedTarget: list(target), upperBound: list(upperBound) },
      }
    })
}

function texts({ cpu, memory }: Amounts): Readonly<Record<'cpu' | 'memory', string>> {
  return {
    cpu: formatQuantity({ amount: BigInt(cpu), scale: 3, format: 'DecimalSI' }),
    memory: formatQuantity(quantityOf(memory, 'BinarySI')),
  }
}

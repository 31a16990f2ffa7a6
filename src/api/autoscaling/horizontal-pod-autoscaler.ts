import { isGivenEmpty } from '../../machinery/schema/empties.ts'
import { unset } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HPAScalingRules,
} from '../types/autoscaling-v2.gen.ts'
import { cpuMetric, cpuUtilization, dropCarriers } from './autoscaler-conversion.ts'
import { validateAutoscaler, validateAutoscalerStatus } from './autoscaler-validation.ts'
import { metricsText } from './metrics-text.ts'

const periodSeconds = 15

const scaleUpRules: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds },
    { type: 'Percent', value: 100, periodSeconds },
  ],
}
const scaleDownRules: HPAScalingRules = {
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds }],
}

/** SetDefaults_HorizontalPodAutoscaler of v2. */
export function setAutoscalerDefaults(autoscaler: HorizontalPodAutoscaler): void {
  dropCarriers(autoscaler)
  autoscaler.spec ??= {} as HorizontalPodAutoscalerSpec
  const { spec } = autoscaler
  spec.minReplicas ??= 1
  if (!spec.metrics?.length) spec.metrics = [cpuMetric(cpuUtilization)]
  if (!spec.behavior) return
  spec.behavior.scaleUp = withDefaults(spec.behavior.scaleUp, scaleUpRules)
  spec.behavior.scaleDown = withDefaults(spec.behavior.scaleDown, scaleDownRules)
}

/** No policies at all are filled in; that there are none is left to validation. */
function withDefaults(rules: HPAScalingRules | undefined, defaults: HPAScalingRules): HPAScalingRules {
  const { policies, ...others } = structuredClone(defaults)
  return { ...others, ...(!isGivenEmpty(rules, 'policies') && policies && { policies }), ...rules }
}

/** Cells of both versions, read from v2. */
export const autoscalerCells = {
  Reference: ({ spec }: HorizontalPodAutoscaler) =>
    `${spec?.scaleTargetRef?.kind}/${spec?.scaleTargetRef?.name}`,
  Targets: metricsText,
  MinPods: ({ spec }: HorizontalPodAutoscaler) =>
    spec?.minReplicas === undefined ? unset : String(spec.minReplicas),
  MaxPods: ({ spec }: HorizontalPodAutoscaler) => spec?.maxReplicas ?? 0,
  Replicas: ({ status }: HorizontalPodAutoscaler) => status?.currentReplicas ?? 0,
}

export const horizontalPodAutoscalers = defineResource<HorizontalPodAutoscaler>(
  'autoscaling/v2',
  'HorizontalPodAutoscaler',
  {
    strategy: {
      setDefaults: setAutoscalerDefaults,
      validate: (object, errors) => validateAutoscaler(object, errors),
      validatesOnceOnly: true,
      validateUpdate: (object, old, errors) => validateAutoscaler(object, errors, old),
    },
    subresources: { status: { strategy: { validate: validateAutoscalerStatus } } },
    initialStatus: () => ({ desiredReplicas: 0 }),
    cells: autoscalerCells,
  },
)
